/** What the settings let expect against what clients saw. A disagreement is told; it changes no verdict. */
import type { ExperimentResult } from '../../reports/record/types.ts';
import type { Prediction, TrialData } from './experiment.ts';
import { inSeconds, rangeInSeconds, trialsOf } from './words.ts';

type Predicted = NonNullable<ExperimentResult['predicted']>;

/** The prediction with its comparison; without a valid trial there is nothing to compare. */
export function comparePrediction(given: Prediction, data: readonly TrialData[]): Predicted {
  const { seen_s, ...prediction } = given;
  const [low, high] = prediction.range_s;
  const valid = data.flatMap((one, index) => {
    const bounds_s = seen_s ? seen_s(one) : ([one.trial.lower_s, one.trial.upper_s] as const);
    return one.trial.valid && bounds_s !== null ? [{ bounds_s, probes: one.probes, place: index + 1 }] : [];
  });
  if (valid.length === 0) return prediction;
  const strays = valid
    .map((one) => ({ ...one, away_s: away_s(one.bounds_s, low, high) }))
    .filter(({ bounds_s, probes, away_s: away }) => away > tolerance_s(bounds_s, probes));
  const range = rangeInSeconds(low, high);
  const [furthest] = strays.toSorted((a, b) => b.away_s - a.away_s);
  if (!furthest)
    return {
      ...prediction,
      agrees: true,
      comparison: `${valid.length === 1 ? 'The trial agrees' : `All ${trialsOf(valid.length)} agree`} with the predicted ${range}.`,
    };
  const { bounds_s, place } = furthest;
  const none = bounds_s[1] === 0 && prediction.quantity === undefined;
  const seen = none ? 'no outage' : rangeInSeconds(bounds_s[0], bounds_s[1]);
  return {
    ...prediction,
    agrees: false,
    comparison:
      `${strays.length} of ${trialsOf(valid.length)} ${strays.length === 1 ? 'lies' : 'lie'} outside the predicted ${range}; ` +
      `trial ${place} is furthest off, by ${inSeconds(furthest.away_s)} (${seen}). The settings alone do not explain what clients saw.`,
  };
}

type Bounds = readonly [lower_s: number, upper_s: number];

/** Distance of a trial's bounds from the range, s; 0 when they touch it. */
function away_s([lower_s, upper_s]: Bounds, low: number, high: number): number {
  return Math.max(0, low - upper_s, lower_s - high);
}

/** A trial cannot be told from the range within its own bounds, nor within the time between two probes. */
function tolerance_s([lower_s, upper_s]: Bounds, probes: TrialData['probes']): number {
  const [first, last] = [probes[0], probes.at(-1)];
  const between_ms = first && last ? (last.intended_ms - first.intended_ms) / Math.max(1, probes.length - 1) : 0;
  return Math.max(upper_s - lower_s, between_ms / 1000);
}
