/** One timed HTTP request of a virtual user, as the API mix sends them. */
import exec from 'k6/execution';
import http from 'k6/http';
import type { RefinedResponse } from 'k6/http';
import { Trend } from 'k6/metrics';

import { kindOf } from './kind.ts';
import { CORRECTED } from './load.ts';
import type { Route } from './load.ts';
import { plan } from './steps.ts';

const corrected = new Trend(CORRECTED, true);
const JSON_BODY = { 'Content-Type': 'application/json' };

/** Headers of a user of its own; caches must not answer for backends. */
export const asUser = (): Record<string, string> => ({
  Authorization: `Bearer valid:load-${exec.vu.idInTest}:user`,
  'Cache-Control': 'no-cache',
});

/** Sends a request now, with a JSON body or without credentials when it has one. */
export function send(route: Route, body: string | null = null): RefinedResponse<'none'> {
  return http.request(route.method, plan.baseUrl + route.path, body, {
    headers: body === null ? asUser() : JSON_BODY,
    tags: { route: route.name, name: route.name },
    timeout: `${plan.timeout_s}s`,
  });
}

/**
 * Counts a request that has just ended as the one of this iteration, from the instant at which
 * it was due.
 *
 * @param status instead of the one that was answered
 */
export function count(route: Route, response: RefinedResponse<'none'>, due_ms: number, status = response.status): void {
  corrected.add(Math.max(response.timings.duration, Date.now() - due_ms), {
    route: route.name,
    status: String(status),
    kind: kindOf({ status, error_code: response.error_code, headers: response.headers }),
  });
}

const rates = new Map(plan.steps.map((step) => [step.name, step.rate_perS]));

/** When the schedule wanted this iteration to start, ms since the epoch. */
export function dueNow_ms(): number {
  const { name, startTime, iterationInTest } = exec.scenario;
  return startTime + (iterationInTest * 1000) / (rates.get(name) ?? 1);
}
