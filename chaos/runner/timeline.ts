/** One trial's clock and its events. */
import type { TimelineEvent } from '../../reports/record/types.ts';
import { monotonic_ms, wallOffset_ms } from '../../measurement/clock.ts';

export interface Timeline {
  readonly events: readonly TimelineEvent[];
  /** Milliseconds since the trial began. */
  now_ms(): number;
  /** A monotonic instant of this process on the trial's clock. */
  fromMonotonic_ms(instant_ms: number): number;
  /** Wall clock at an instant of the trial, ms since the epoch. */
  wall_ms(at_ms: number): number;
  /** Adds an event that happens now, or happened at `at_ms`. */
  note(source: string, what: string, at_ms?: number): void;
}

/** Starts a trial's clock at zero. */
export function startTimeline(): Timeline {
  const origin_ms = monotonic_ms();
  const wallOrigin_ms = origin_ms + wallOffset_ms();
  const events: TimelineEvent[] = [];
  const now_ms = (): number => monotonic_ms() - origin_ms;
  return {
    events,
    now_ms,
    fromMonotonic_ms: (instant_ms) => instant_ms - origin_ms,
    wall_ms: (at_ms) => wallOrigin_ms + at_ms,
    note: (source, what, at_ms = now_ms()) => void events.push({ at_ms: Math.round(at_ms), source, what }),
  };
}
