/** The API mix over HTTPS at constant arrival rates: each step a scenario, each user a client address of its own. */
import exec from 'k6/execution';
import http from 'k6/http';
import type { RefinedResponse } from 'k6/http';
import { Trend } from 'k6/metrics';
import type { Options } from 'k6/options';

import { BACKEND, CORRECTED, SUMMARY_PATH } from './load.ts';
import type { LoadPlan, LoadStep, Route } from './load.ts';

const plan = JSON.parse(__ENV['GATEPROOF_LOAD'] ?? '{}') as LoadPlan;
const rates = new Map(plan.steps.map((step) => [step.name, step.rate_perS]));
const totalWeight = plan.routes.reduce((sum, route) => sum + route.weight, 0);

/** Latency from the instant at which the schedule wanted the request to start. */
const corrected = new Trend(CORRECTED, true);
/** Service time that the backend reports. */
const backend = new Trend(BACKEND, true);

export const options = {
  scenarios: Object.fromEntries(plan.steps.map((step) => [step.name, scenario(step)])),
  hosts: plan.hosts,
  discardResponseBodies: true,
  insecureSkipTLSVerify: true,
  summaryTrendStats: ['count', 'min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max'],
} satisfies Options;

function scenario(step: LoadStep) {
  return {
    executor: 'constant-arrival-rate' as const,
    rate: step.rate_perS,
    timeUnit: '1s',
    duration: `${step.duration_s}s`,
    startTime: `${step.start_s}s`,
    preAllocatedVUs: plan.virtualUsers,
    maxVUs: plan.virtualUsers,
    gracefulStop: `${step.drain_s}s`,
  };
}

export default function (): void {
  const { name, startTime, iterationInTest } = exec.scenario;
  const intended_ms = startTime + (iterationInTest * 1000) / (rates.get(name) ?? 1);
  const route = draw(iterationInTest);
  const response = http.request(route.method, plan.baseUrl + route.path, null, {
    // Each virtual user is a user of its own; caches must not answer for backends whose time is measured.
    headers: { Authorization: `Bearer valid:load-${exec.vu.idInTest}:user`, 'Cache-Control': 'no-cache' },
    tags: { route: route.name, name: route.name },
    timeout: `${plan.timeout_s}s`,
  });
  const tags = { route: route.name, status: String(response.status) };
  corrected.add(Math.max(0, Date.now() - intended_ms), tags);
  const service_ms = serviceTime(response);
  if (service_ms !== null) backend.add(service_ms, tags);
}

/** The route of the n-th iteration: a golden-ratio walk over the weights, so that any stretch has the right mix. */
function draw(iteration: number): Route {
  let left = ((iteration * 0.6180339887498949) % 1) * totalWeight;
  for (const route of plan.routes) {
    left -= route.weight;
    if (left < 0) return route;
  }
  throw new Error('the plan has no routes');
}

function serviceTime(response: RefinedResponse<'none'>): number | null {
  const header = response.headers['X-Service-Time-Ms'];
  return header === undefined ? null : Number(header);
}

export function handleSummary(data: unknown): Record<string, string> {
  return { [SUMMARY_PATH]: JSON.stringify(data) };
}
