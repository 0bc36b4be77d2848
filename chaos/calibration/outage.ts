/** Calibration of everything that measures outages. */
import { calibrateFinder } from './simulated.ts';
import type { Calibration } from './trials.ts';
import { calibrateProber } from './wire.ts';

const LENGTHS_MS = [50, 250, 1_000, 2_900];
/** Few on the wire, where an outage takes as long as it takes; three, since the median of two is moved by one. */
const ON_THE_WIRE_MS = [...LENGTHS_MS, ...LENGTHS_MS, ...LENGTHS_MS];

/**
 * Scripted outages against what was measured: about half a minute on the wire, and 2,400 simulated ones.
 *
 * @throws Error as {@link calibrateProber} does
 */
export async function calibrateOutages(seed: number): Promise<Calibration> {
  const wire = await calibrateProber(seed, ON_THE_WIRE_MS);
  return { ...wire, results: [...wire.results, ...calibrateFinder(seed, LENGTHS_MS)] };
}
