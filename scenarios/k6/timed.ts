/** One timed HTTP request of a virtual user, as the API mix sends them. */
import http from 'k6/http';
import type { RefinedResponse } from 'k6/http';
import { Trend } from 'k6/metrics';

import { kindOf } from './kind.ts';
import { CORRECTED } from './load.ts';
import type { Route } from './load.ts';
import { asUser, plan } from './steps.ts';

const corrected = new Trend(CORRECTED, true);
const JSON_BODY = { 'Content-Type': 'application/json' };

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
