/** Whether clients noticed anything: failed and slow requests of the deciding series. */
import type { Evidence } from '../../reports/record/types.ts';
import type { ClaimJudgement, TrialData } from '../runner/experiment.ts';
import type { SessionProbe } from '../prober/session.ts';
import { judgeNoFailures } from '../runner/verdict.ts';

const SLOW_MS = 1_000;
const ROWS = 20;

export interface NoFailures {
  readonly claim: string;
  readonly expected: string;
  /** Why nginx, PM2, … let requests fail; told when some did. */
  readonly mechanism: string;
}

/** Conforms when no request failed from the fault on; deviates when more failed than without a fault. */
export function judgeInvisible(
  trials: readonly TrialData[],
  { claim, expected, mechanism }: NoFailures,
): ClaimJudgement {
  const before = trials.flatMap((one) => one.before);
  const judged = judgeNoFailures(
    trials.map((one) => one.trial),
    { failed: before.filter((probe) => !probe.ok).length, total: before.length },
  );
  return {
    claim,
    ...judged,
    ...(judged.verdict === 'deviates' ? { reason: mechanism } : {}),
    expected,
    observed: tellFailures(trials),
    evidence: failureEvidence(trials),
  };
}

/** How many requests failed since the fault, how, and how long the slowest waited. */
export function tellFailures(trials: readonly TrialData[]): string {
  const total = trials.reduce((sum, one) => sum + one.trial.totalRequests, 0);
  const failed = trials.reduce((sum, one) => sum + one.trial.failedRequests, 0);
  const kinds = [...new Set(trials.flatMap((one) => Object.keys(one.trial.errorsByKind)))].join(', ');
  const answered = trials.flatMap((one) => sinceFault(one).filter((probe) => probe.ok));
  const slow = answered.filter((probe) => took_ms(probe) > SLOW_MS).length;
  const longest_ms = answered.reduce((most, probe) => Math.max(most, took_ms(probe)), 0);
  return (
    `${failed} of ${total} requests failed${failed > 0 ? ` (${kinds})` : ''}; ` +
    `${slow} waited longer than 1 s, the longest ${(longest_ms / 1000).toFixed(2)} s`
  );
}

/** A table of failed and slow requests, and what was collected. */
export function failureEvidence(trials: readonly TrialData[]): Evidence[] {
  const rows = trials.flatMap((one) =>
    sinceFault(one)
      .filter((probe) => !probe.ok || took_ms(probe) > SLOW_MS)
      .slice(0, ROWS)
      .map((probe) => [
        Number(((probe.sent_ms - one.trial.fault.injected_ms) / 1000).toFixed(2)),
        Math.round(took_ms(probe)),
        probe.kind,
        probe.servedBy ?? '',
      ]),
  );
  const columns = ['sent s after the fault', 'took ms', 'result', 'answered by'];
  return [{ kind: 'table', title: 'Failed and slow requests after the fault', columns, rows }, ...logEvidence(trials)];
}

/** What experiments collected, as logs. */
export function logEvidence(trials: readonly TrialData[]): Evidence[] {
  return trials.flatMap((one) =>
    Object.entries(one.collected).map(([title, lines]) => ({ kind: 'log' as const, title, lines: lines.slice(-ROWS) })),
  );
}

/** Probes that ended after the fault was injected. */
export function sinceFault(one: TrialData): readonly SessionProbe[] {
  return one.probes.filter((probe) => probe.done_ms >= one.trial.fault.injected_ms);
}

const took_ms = (probe: SessionProbe): number => probe.done_ms - probe.sent_ms;
