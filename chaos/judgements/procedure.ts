/** What clients saw while a procedure ran: failures, and who served. Pure. */
import { proportionInterval } from '../../measurement/statistics.ts';
import type { Step } from '../operations/journal.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { TrialData } from '../runner/experiment.ts';
import type { Judged } from '../runner/verdict.ts';

/** From the first step of a procedure to its last, on the trial's clock. */
export interface Window {
  readonly from_ms: number;
  readonly to_ms: number;
}

/** The window of a procedure; null when it did not run. */
export function windowOf(steps: readonly Step[]): Window | null {
  const [first, last] = [steps[0], steps.at(-1)];
  return first && last && first !== last ? { from_ms: first.at_ms, to_ms: last.at_ms } : null;
}

/** Probes that were sent in a window. */
export function sentIn<T extends Pick<SessionProbe, 'sent_ms'>>(
  probes: readonly T[],
  { from_ms, to_ms }: Window,
): readonly T[] {
  return probes.filter(({ sent_ms }) => sent_ms >= from_ms && sent_ms <= to_ms);
}

export interface FailureCount {
  readonly failed: number;
  readonly total: number;
}

/** Failed and all requests among probes. */
export function countFailures(probes: readonly Pick<SessionProbe, 'ok'>[]): FailureCount {
  return { failed: probes.filter(({ ok }) => !ok).length, total: probes.length };
}

/** Failures fewer than this may be the machine's; more of them, where there were none before, are the procedure's. */
const ENOUGH_FAILURES = 3;

/**
 * For "no request fails": conforms without any failure; deviates when failures are
 * more frequent than before the procedure, or when there are several of them and
 * none before; else inconclusive.
 */
export function judgeFailures(during: FailureCount, before: FailureCount): Judged {
  if (during.total === 0) return { verdict: 'inconclusive', reason: 'no request was sent while the procedure ran' };
  if (during.failed === 0) return { verdict: 'conforms' };
  const usual = before.total === 0 ? 1 : proportionInterval(before.failed, before.total).upper;
  const worse = proportionInterval(during.failed, during.total).lower > usual;
  if (worse || (before.failed === 0 && during.failed >= ENOUGH_FAILURES)) return { verdict: 'deviates' };
  return { verdict: 'inconclusive', reason: 'too few requests failed to lay them to the procedure' };
}

/**
 * Fewest different instances of a pool that answered in any second of a window. Seconds
 * with fewer than `answers_min` answers say nothing.
 */
export function fewestServing(
  probes: readonly SessionProbe[],
  window: Window,
  pool: readonly string[],
  answers_min: number,
): number | null {
  const counts: number[] = [];
  for (let from_ms = window.from_ms; from_ms + 1000 <= window.to_ms; from_ms += 250) {
    const answers = probes.filter(
      ({ ok, done_ms, servedBy }) =>
        ok && done_ms >= from_ms && done_ms < from_ms + 1000 && servedBy !== undefined && pool.includes(servedBy),
    );
    if (answers.length >= answers_min) counts.push(new Set(answers.map(({ servedBy }) => servedBy)).size);
  }
  return counts.length === 0 ? null : Math.min(...counts);
}

/** The worst of several verdicts: deviates, then inconclusive, then conforms. */
export function worstOf(judged: readonly Judged[]): Judged {
  const [first] = judged;
  if (!first) return { verdict: 'inconclusive', reason: 'nothing was measured' };
  return (
    judged.find(({ verdict }) => verdict === 'deviates') ??
    judged.find(({ verdict }) => verdict === 'inconclusive') ??
    first
  );
}

/** Judges each valid trial, and takes the worst; without one it is inconclusive with the cause. */
export function overTrials(trials: readonly TrialData[], judge: (trial: TrialData) => Judged): Judged {
  const valid = trials.filter(({ trial }) => trial.valid);
  if (valid.length > 0) return worstOf(valid.map(judge));
  const why = trials.map(({ trial }) => trial.invalidReason ?? '').join('; ');
  return { verdict: 'inconclusive', reason: `no valid trial: ${why}` };
}
