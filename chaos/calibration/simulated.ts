/** Calibration of the outage finder alone: many simulated trials of each kind, in a second or two. */
import type { CalibrationResult } from '../../reports/record/types.ts';
import { findOutages, steadyState } from '../../measurement/outage.ts';
import { seededRandom } from '../../measurement/random.ts';
import type { Random } from '../../measurement/random.ts';
import { simulate } from './simulation.ts';
import type { SimulatedSeries } from './simulation.ts';
import { resultOf, worst } from './trials.ts';
import type { OutageTrial } from './trials.ts';

/** Trials of each manner of failing in a cell. */
const TRIALS = 100;
const STEADY_MS = 3_000;
const AROUND_MS = 1_500;
const MANNERS = ['refused', 'reset', 'silent'] as const;

type Conditions = Pick<SimulatedSeries, 'errorRate' | 'latency_ms'>;

/** The two conditions under which outages are measured, on the wire as well. */
export const CONDITIONS: readonly (Conditions & { readonly name: string })[] = [
  { name: '1 % background errors', errorRate: 0.01, latency_ms: { min: 1, jitter_mean: 0.5 } },
  { name: '1 % background errors, jittered latency', errorRate: 0.01, latency_ms: { min: 1, jitter_mean: 15 } },
];

/** Outages of these lengths at random phase, refused, reset and silent ones alike, under each condition. */
export function calibrateFinder(seed: number, lengths_ms: readonly number[]): CalibrationResult[] {
  const random = seededRandom(seed);
  return CONDITIONS.flatMap((conditions) =>
    lengths_ms.map((lasts_ms) => {
      const trials = MANNERS.flatMap((manner) =>
        Array.from({ length: TRIALS }, () => trial(lasts_ms, { ...conditions, manner }, random)),
      );
      return resultOf(`outage finder: ${lasts_ms} ms, ${conditions.name}, simulated`, trials);
    }),
  );
}

function trial(
  lasts_ms: number,
  conditions: Conditions & Pick<SimulatedSeries, 'manner'>,
  random: Random,
): OutageTrial {
  const steady = steadyState(simulate({ ...conditions, outage: null, until_ms: STEADY_MS }, random));
  const from_ms = AROUND_MS + random() * 100;
  const outage = { from_ms, to_ms: from_ms + lasts_ms };
  const probes = simulate({ ...conditions, outage, until_ms: outage.to_ms + AROUND_MS }, random);
  return { truth_ms: lasts_ms, slack_ms: 0, found: worst(findOutages(probes, steady)) };
}
