/** What every script of this folder shares: its plan, each step of it as a k6 scenario of its own, and who asks when. */
import exec from 'k6/execution';
import type { Options } from 'k6/options';

import type { LoadPlan, LoadStep, Route } from './load.ts';

/** From the host, or in a cluster from the file beside the scripts. */
export const plan = JSON.parse(__ENV['GATEPROOF_LOAD'] ?? open('./plan.json')) as LoadPlan;

const totalWeight = plan.routes.reduce((sum, route) => sum + route.weight, 0);

/** Constant arrival rates, one scenario a step; each virtual user has a client address of its own. */
export const optionsOfPlan = {
  scenarios: Object.fromEntries(plan.steps.map((step) => [step.name, scenario(step)])),
  hosts: plan.hosts,
  thresholds: Object.fromEntries(Object.entries(plan.thresholds ?? {}).map(([metric, all]) => [metric, [...all]])),
  discardResponseBodies: true,
  noConnectionReuse: plan.freshConnections ?? false,
  insecureSkipTLSVerify: true,
  summaryTrendStats: ['count', 'min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max'],
} satisfies Options;

function scenario(step: LoadStep) {
  const common = {
    startTime: `${step.start_s}s`,
    duration: `${step.duration_s}s`,
    gracefulStop: `${step.drain_s}s`,
  };
  const users = step.virtualUsers ?? plan.virtualUsers;
  if (step.closedLoop) return { ...common, executor: 'constant-vus' as const, vus: users };
  return {
    ...common,
    executor: 'constant-arrival-rate' as const,
    rate: step.rate_perS,
    timeUnit: '1s',
    preAllocatedVUs: users,
    maxVUs: users,
  };
}

const rates = new Map(plan.steps.map((step) => [step.name, step.rate_perS]));

/** When the schedule wanted this iteration to start, ms since the epoch, and how far apart its iterations are. */
export function schedule(): { readonly due_ms: number; readonly every_ms: number } {
  const { name, startTime, iterationInTest } = exec.scenario;
  const every_ms = 1000 / (rates.get(name) ?? 1);
  return { due_ms: startTime + iterationInTest * every_ms, every_ms };
}

/** Headers of a user of its own for each virtual user; caches must not answer for backends whose time is measured. */
export const asUser = (): Record<string, string> => ({
  Authorization: `Bearer valid:load-${exec.vu.idInTest}:user`,
  'Cache-Control': 'no-cache',
});

/** The route of the n-th iteration: a golden-ratio walk over the weights, so that any stretch has the right mix. */
export function routeOf(iteration: number): Route {
  let left = ((iteration * 0.6180339887498949) % 1) * totalWeight;
  for (const route of plan.routes) {
    left -= route.weight;
    if (left < 0) return route;
  }
  throw new Error('the plan has no routes');
}

/** k6 calls this at its end: the summary goes where the host looks for it. */
export function summaryFile(data: unknown): Record<string, string> {
  return { [__ENV['GATEPROOF_SUMMARY'] ?? '/tmp/gateproof-summary.json']: JSON.stringify(data) };
}
