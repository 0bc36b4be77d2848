/** Promised figures of loads with slow clients. */
import { LatencyHistogram } from '../measurement/histogram.ts';
import type { SlowKind, SlowKindSeen, SlowPlan } from './drivers/plan.ts';
import { percentileOf, slowedWhile } from './figures.ts';
import type { FigurePromise, LoadSeen } from './figures.ts';
import { timesMeasured } from './phases.ts';
import { completedShare } from './users.ts';

/** Slow clients whose share shows that they were there; fewer show little. */
const SERVED_MIN = 0.95;
const ENOUGH = 59;

const KINDS: readonly SlowKind[] = ['headers', 'bodies', 'readers'];

/** Why slow clients of a plan cannot have disturbed anybody; null when each kind was there. */
function absent({ measured }: LoadSeen, plan: SlowPlan): string | null {
  for (const kind of KINDS) {
    if (plan[`${kind}_perS`] === 0) continue;
    const { ended, served }: Pick<SlowKindSeen, 'ended' | 'served'> = measured.slow?.[kind] ?? { ended: 0, served: 0 };
    if (ended < ENOUGH || served < SERVED_MIN * ended) return `slow ${kind}: only ${served} of ${ended} were taken`;
  }
  return null;
}

/**
 * Share of the requests of ordinary users that were answered beside slow clients, %. That they
 * failed needs no slow client that was served; that all were answered does.
 *
 * @param least promised share, %
 */
export const answeredBeside =
  (plan: SlowPlan, least: number): FigurePromise['of'] =>
  (seen) => {
    const share = completedShare(seen);
    return { ...share, excuse: share.excuse ?? (share.value < least ? null : absent(seen, plan)) };
  };

/**
 * How long a connection was kept on which a header never ended, s: a percentile (0–100). Those that
 * were still there in the end count with the time until then, which is less than it would have been.
 *
 * @param most_s promised time; that connections are kept for longer needs no other slow client
 */
export const keptHeader =
  (plan: SlowPlan, percentile: number, most_s: number): FigurePromise['of'] =>
  (seen) => {
    const { kept } = seen.measured.slow?.headers ?? {};
    const times = kept === undefined ? new LatencyHistogram() : LatencyHistogram.decoded(kept);
    const { value, interval } = percentileOf(times, percentile);
    return {
      value: value / 1000,
      interval: { lower: seconds(interval.lower), upper: seconds(interval.upper) },
      excuse: value > most_s * 1000 ? null : absent(seen, plan),
      worsened: slowedWhile(seen),
    };
  };

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

/** Nobody but a slow client takes longer than this part of the time that it wants. */
const SLOW_SHARE = 0.5;
/** A line fewer for each that ended just outside of the measured time, by the other clock. */
const WRITTEN_MIN = 0.9;

/**
 * How long a backend was occupied by a slow request, by the gateway's own log, ms: a percentile
 * (0–100) of those that took their client a long time. Without buffers it is the client's time.
 */
export const occupiedPercentile =
  (plan: SlowPlan, percentile: number): FigurePromise['of'] =>
  (seen) => {
    const times = timesMeasured(seen).filter(({ request_ms }) => request_ms >= SLOW_SHARE * plan.trickle_s * 1000);
    const histogram = new LatencyHistogram();
    for (const { upstream_ms } of times) histogram.record(upstream_ms);
    const { bodies, readers } = seen.measured.slow ?? {};
    const served = (bodies?.served ?? 0) + (readers?.served ?? 0);
    return {
      ...percentileOf(histogram, percentile),
      excuse:
        absent(seen, plan) ??
        (times.length < WRITTEN_MIN * served ? `the gateway wrote ${times.length} of ${served} slow requests` : null),
      worsened: slowedWhile(seen),
    };
  };
