/** Whether a release that fails was taken back. Pure. */
import type { Step } from '../operations/journal.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { Judged } from '../runner/verdict.ts';
import { windowOf } from './procedure.ts';

/** With fewer errors the release may not have failed at all. */
const ERRORS_MIN = 3;

const find = (steps: readonly Step[], name: string): Step | undefined => steps.find(({ step }) => step === name);

/** Errors of the release that clients got while the deployment ran. */
function errorsIn(steps: readonly Step[], probes: readonly SessionProbe[]): number {
  const window = windowOf(steps);
  if (!window) return 0;
  return probes.filter(({ kind, sent_ms }) => kind === 'status-500' && sent_ms >= window.from_ms).length;
}

/**
 * Conforms when errors were noticed, the version of before was put back and nothing
 * else was deployed; deviates when clients got errors and the deployment went on.
 */
export function judgeRollback(steps: readonly Step[], probes: readonly SessionProbe[], first: string): Judged {
  const elsewhere = steps.some(({ step, on }) => step === 'stop' && on !== first);
  if (find(steps, 'too-many-errors') && find(steps, 'rolled-back') && !elsewhere) return { verdict: 'conforms' };
  if (errorsIn(steps, probes) < ERRORS_MIN)
    return { verdict: 'inconclusive', reason: 'the release gave too few errors to be noticed' };
  if (find(steps, 'deployed'))
    return {
      verdict: 'deviates',
      reason: `errors were not noticed: ${find(steps, 'asked-prometheus')?.what ?? 'more were allowed'}`,
    };
  return { verdict: 'inconclusive', reason: 'the deployment did not come to an end' };
}

/** Conforms when the version of before is healthy in time, and the instance got no request until then. */
export function judgeRollbackTime(
  steps: readonly Step[],
  probes: readonly SessionProbe[],
  first: string,
  limit_s: number,
): Judged {
  const judged = judgeRollback(steps, probes, first);
  const took_s = rollbackTook_s(steps);
  if (judged.verdict !== 'conforms' || took_s === null) return judged;
  if (took_s > limit_s) return { verdict: 'deviates', reason: 'the rollback took too long' };
  return reached(steps, probes, first) === 0
    ? { verdict: 'conforms' }
    : { verdict: 'deviates', reason: 'the failing instance still got requests' };
}

/** From the decision until the version of before is healthy; null without a rollback. */
function rollbackTook_s(steps: readonly Step[]): number | null {
  const [noticed, back] = [find(steps, 'too-many-errors'), find(steps, 'rolled-back')];
  return noticed && back ? (back.at_ms - noticed.at_ms) / 1000 : null;
}

/** Requests that the failing instance got between its removal from the pool and the health of the version of before. */
function reached(steps: readonly Step[], probes: readonly SessionProbe[], first: string): number {
  const last = (name: string): number | undefined =>
    steps.findLast(({ step, on }) => step === name && on === first)?.at_ms;
  const [out_ms, healthy_ms] = [last('no-new'), last('healthy')];
  if (out_ms === undefined || healthy_ms === undefined) return 0;
  return probes.filter(
    ({ servedBy, sent_ms, done_ms }) => servedBy === first && sent_ms > out_ms && done_ms < healthy_ms,
  ).length;
}

/** What became of the release, in words. */
export function tellRollback(steps: readonly Step[], probes: readonly SessionProbe[], first: string): string {
  if (steps.length === 0) return 'nothing was deployed';
  const errors = `clients got ${errorsIn(steps, probes)} errors`;
  const took_s = rollbackTook_s(steps);
  if (took_s === null) return `no rollback; ${errors}`;
  return `the version of before was back ${took_s.toFixed(1)} s after errors were noticed, ${reached(steps, probes, first)} requests reached ${first} meanwhile; ${errors}`;
}
