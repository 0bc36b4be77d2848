/** Whether an instance was drained before it was stopped. Pure. */
import type { Step } from '../operations/journal.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { Judged } from '../runner/verdict.ts';

export interface Drained {
  /** Requests sent after the instance was said to get none, and before its stop. */
  readonly sent: number;
  readonly reachedIt: number;
  /** Long requests that it had when it was taken out, or got until its stop. */
  readonly inFlight: number;
  /** Those of them that it did not answer itself: they failed, or nginx sent them to another instance as well. */
  readonly cut: number;
}

/** The instance alone answers long requests so slowly, and none of them ends sooner when it is cut. */
const HELD_MS = 5_000;
/** As many as the document's check sends. */
const SENT_MIN = 50;

/**
 * Counts what happened to requests between the step that takes an instance out
 * and its stop; null when the procedure did not run.
 *
 * @param long requests that only this instance answers slowly
 */
export function countDrained(
  steps: readonly Step[],
  instance: string,
  reads: readonly SessionProbe[],
  long: readonly SessionProbe[],
): Drained | null {
  const at = (...names: readonly string[]): number | undefined =>
    steps.find(({ step, on }) => names.includes(step) && on === instance)?.at_ms;
  const [out_ms, stop_ms] = [at('no-new', 'asked-drain'), at('stop')];
  if (out_ms === undefined || stop_ms === undefined) return null;
  const after = [...reads, ...long].filter(({ sent_ms }) => sent_ms > out_ms && sent_ms < stop_ms);
  const held = long.filter(
    ({ sent_ms, done_ms }) => sent_ms < stop_ms && done_ms > out_ms && done_ms - sent_ms > HELD_MS,
  );
  return {
    sent: after.length,
    reachedIt: after.filter(({ servedBy }) => servedBy === instance).length,
    inFlight: held.length,
    cut: held.filter(({ ok, servedBy }) => !ok || servedBy !== instance).length,
  };
}

/** Conforms when no new request reached it and it answered every one that it had. */
export function judgeDrained(seen: Drained | null): Judged {
  if (!seen) return { verdict: 'inconclusive', reason: 'no instance was taken out' };
  if (seen.reachedIt > 0 || seen.cut > 0) return { verdict: 'deviates' };
  if (seen.inFlight === 0 || seen.sent < SENT_MIN)
    return { verdict: 'inconclusive', reason: `only ${seen.inFlight} requests in flight and ${seen.sent} after` };
  return { verdict: 'conforms' };
}

/** The counts in words. */
export function tellDrained(seen: Drained | null): string {
  if (!seen) return 'no instance was taken out';
  return `${seen.reachedIt} of ${seen.sent} new requests reached it; ${seen.cut} of ${seen.inFlight} requests in flight were cut`;
}
