/** Whether a rollout kept its rules: order, instances left, health gate, last weights, watching. Pure. */
import type { Step } from '../operations/journal.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { Judged } from '../runner/verdict.ts';

const NOT_RUN: Judged = { verdict: 'inconclusive', reason: 'the deployment did not run' };

/** Instances in the order in which they were stopped for the release. */
export function orderOf(steps: readonly Step[]): readonly string[] {
  return steps.filter(({ step }) => step === 'stop').map(({ on }) => on);
}

/** Whether the instances were stopped in the promised order. */
export function judgeOrder(steps: readonly Step[], promised: readonly string[]): Judged {
  const seen = orderOf(steps);
  if (seen.length < promised.length) return NOT_RUN;
  if (seen.join() === promised.join()) return { verdict: 'conforms' };
  return {
    verdict: 'deviates',
    reason: 'the script takes the instances in the order of its list, which begins with the first one',
  };
}

/** Whether enough instances served at every moment. */
export function judgeServing(fewest: number | null, promised: number): Judged {
  if (fewest === null) return NOT_RUN;
  return { verdict: fewest >= promised ? 'conforms' : 'deviates' };
}

/** Answers of an instance to requests that were sent after its start with the release; null when it was not started. */
export function reachedAfterStart(
  steps: readonly Step[],
  probes: readonly SessionProbe[],
  instance: string,
): number | null {
  const from = steps.find(({ step, on }) => step === 'started' && on === instance);
  const to = steps.at(-1);
  if (!from || !to) return null;
  return probes.filter(({ sent_ms, servedBy }) => servedBy === instance && sent_ms >= from.at_ms && sent_ms <= to.at_ms)
    .length;
}

/** Whether an instance that never becomes healthy was kept from clients, and the deployment ended. */
export function judgeGate(steps: readonly Step[], reached: number | null): Judged {
  if (reached === null) return NOT_RUN;
  if (steps.some(({ step }) => step === 'healthy'))
    return { verdict: 'inconclusive', reason: 'the instance became healthy, though it should not' };
  if (reached > 0)
    return {
      verdict: 'deviates',
      reason: 'the instance is in the pool all the time: nothing takes it out, and nginx does not look at /health',
    };
  if (steps.at(-1)?.step === 'stopped') return { verdict: 'conforms' };
  return { verdict: 'deviates', reason: 'the deployment polls without an end' };
}

/** Last weight that was set, or asked for, by instance. */
export function lastWeights(steps: readonly Step[]): ReadonlyMap<string, number> {
  return new Map(
    steps.flatMap(({ step, on, value }) =>
      (step === 'weight' || step === 'asked-weight') && value !== undefined ? [[on, value] as const] : [],
    ),
  );
}

/** Whether every instance ends with its normal weight. */
export function judgeFinalWeights(steps: readonly Step[], normal: Readonly<Record<string, number>>): Judged {
  const last = lastWeights(steps);
  if (last.size < Object.keys(normal).length) return NOT_RUN;
  const wrong = Object.entries(normal).filter(([name, weight]) => last.get(name) !== weight);
  if (wrong.length === 0) return { verdict: 'conforms' };
  return {
    verdict: 'deviates',
    reason: `the script asks for one and the same weight at the end, whatever is normal: ${wrong.map(([name, weight]) => `${name} ${String(last.get(name))} in place of ${String(weight)}`).join(', ')}`,
  };
}

/** Whether the metrics of every deployed instance were looked at while it was watched at its full weight. */
export function judgeMonitoring(steps: readonly Step[]): Judged {
  const deployed = steps.filter(({ step }) => step === 'deployed').map(({ on }) => on);
  if (deployed.length === 0) return NOT_RUN;
  const watched = new Set(steps.filter(({ step }) => step === 'watched').map(({ on }) => on));
  if (deployed.every((name) => watched.has(name))) return { verdict: 'conforms' };
  const asked = steps.find(({ step }) => step === 'asked-prometheus');
  return {
    verdict: 'deviates',
    reason: `the script sleeps and looks once at the end, at nothing: ${asked?.what ?? 'it never asked'}`,
  };
}
