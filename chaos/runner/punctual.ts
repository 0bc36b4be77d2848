/** The instrument before the system: a trial begins when the machine leaves the prober punctual. */
import type { SeriesConfig } from '../prober/protocol.ts';
import { latenessLimit_ms, lateness_ms_p99 } from '../prober/session.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { Timeline } from './timeline.ts';
import { waitFor } from './wait.ts';

export interface PunctualWait {
  readonly timeline: Timeline;
  /** Then the trial begins all the same: what a late prober sees is thrown away, as always. */
  readonly limit_ms: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Waits until the probes of the last second went out in time. On a machine that others
 * take time from, this saves a trial that could not count.
 *
 * @param recent probes of the deciding series that ended within the last second
 * @throws the signal's reason when it aborts
 */
export async function untilPunctual(
  deciding: SeriesConfig | undefined,
  recent: () => readonly SessionProbe[],
  { timeline, limit_ms, signal }: PunctualWait,
): Promise<void> {
  if (deciding === undefined) return;
  const from_ms = timeline.now_ms();
  const punctual = (): boolean => lateness_ms_p99(recent()) <= latenessLimit_ms(deciding);
  if (punctual()) return;
  await waitFor('a machine that leaves the prober punctual', Number.POSITIVE_INFINITY, () => {
    signal?.throwIfAborted();
    return punctual() || timeline.now_ms() - from_ms >= limit_ms;
  });
  const waited_s = ((timeline.now_ms() - from_ms) / 1_000).toFixed(0);
  timeline.note('prober', `waited ${waited_s} s for a machine that leaves it punctual`);
}
