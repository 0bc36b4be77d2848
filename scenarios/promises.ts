/** Promised percentiles of a load at one rate. */
import type { LatencyHistogram } from '../measurement/histogram.ts';
import type { ScenarioPromise } from '../reports/record/types.ts';
import type { ValidityRule } from './engines/validity.ts';
import type { LatencyPromise } from './scenario.ts';

export interface LatencySeen {
  readonly all: LatencyHistogram;
  readonly halves: readonly LatencyHistogram[];
}

/**
 * Conforms when the interval of the percentile ends below the limit, deviates when it
 * begins at or above it, unless the load was not sound, something beside the system was slow,
 * or the system was at no steady state.
 *
 * @param slow what was slow beside the system
 */
export function judgePromise(
  promise: LatencyPromise,
  { all, halves }: LatencySeen,
  validity: readonly ValidityRule[],
  slow: string | null,
): ScenarioPromise {
  const { below, above, interval_ms } = against(promise, all);
  const unsound = validity.find((rule) => !rule.holds);
  const measured_ms = Math.round(10 * all.percentile_ms(promise.percentile)) / 10;
  const measured = { ...promise, measured_ms, interval_ms };
  const inconclusive = (reason: string): ScenarioPromise => ({ ...measured, verdict: 'inconclusive', reason });
  if (unsound) return inconclusive(`${unsound.rule}: ${unsound.seen}`);
  if (!below && slow !== null) return inconclusive(slow);
  const [first, second] = halves.map((half) => against(promise, half));
  if ((first?.above && second?.below) || (first?.below && second?.above)) return inconclusive(slow ?? UNSTEADY);
  if (below) return { ...measured, verdict: 'conforms' };
  return { ...measured, verdict: above ? 'deviates' : 'inconclusive' };
}

/** Then what all of it says depends on how long one looked. */
const UNSTEADY =
  'the system was at no steady state: one half of the measured time kept the promise, the other broke it; a longer load may tell which will last';

function against(
  { percentile, limit_ms }: LatencyPromise,
  latency: LatencyHistogram,
): Pick<ScenarioPromise, 'interval_ms'> & { readonly below: boolean; readonly above: boolean } {
  const interval_ms = latency.interval_ms(percentile);
  const below = interval_ms.upper !== null && interval_ms.upper < limit_ms;
  const above = interval_ms.lower !== null && interval_ms.lower >= limit_ms;
  return { interval_ms, below, above };
}
