/**
 * Clocks. Durations come from the kernel's monotonic clock, which all processes
 * and containers of one kernel share; wall time is only for people.
 */

/** Milliseconds on the kernel's monotonic clock (CLOCK_MONOTONIC), with fractions; the origin is arbitrary. */
export function monotonic_ms(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Wall-clock milliseconds since the epoch at monotonic instant zero; add it to a monotonic time for display. */
export function wallOffset_ms(): number {
  return Date.now() - monotonic_ms();
}

/** One question to another clock: asked and answered on ours, `theirs_ms` what it said. */
export interface ClockPing {
  readonly asked_ms: number;
  readonly answered_ms: number;
  readonly theirs_ms: number;
}

/** `theirs = ours + offset_ms`, wrong by at most `error_ms`. */
export interface ClockOffset {
  readonly offset_ms: number;
  readonly error_ms: number;
}

/**
 * Offset of another clock from pings, by Cristian's algorithm: the fastest round
 * trip is the best witness, and half of it bounds the error.
 *
 * @throws RangeError without any ping
 */
export function clockOffset(pings: readonly ClockPing[]): ClockOffset {
  const roundTrip = (ping: ClockPing) => ping.answered_ms - ping.asked_ms;
  const best = pings.toSorted((a, b) => roundTrip(a) - roundTrip(b))[0];
  if (best === undefined) throw new RangeError('a clock offset needs at least one ping');
  return {
    offset_ms: best.theirs_ms - (best.asked_ms + best.answered_ms) / 2,
    error_ms: roundTrip(best) / 2,
  };
}
