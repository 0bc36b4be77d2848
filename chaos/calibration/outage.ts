/** Calibration of everything that measures outages. */
import { calibrateFinder } from './simulated.ts';
import type { Calibration } from './trials.ts';
import { calibrateProber } from './wire.ts';

const LENGTHS_MS = [50, 250, 1_000, 2_900];
/** Few on the wire, where an outage takes as long as it takes; the simulation has the numbers. */
const ON_THE_WIRE_MS = [50, 250, 1_000, 2_900, 50, 250, 1_000, 2_900, 50, 250];

/**
 * Scripted outages against what was measured: about 23 s on the wire, and 2,400 simulated ones.
 *
 * @throws Error as {@link calibrateProber} does
 */
export async function calibrateOutages(
  seed: number,
  onTheWire_ms: readonly number[] = ON_THE_WIRE_MS,
): Promise<Calibration> {
  const wire = await calibrateProber(seed, onTheWire_ms);
  return { ...wire, results: [...wire.results, ...calibrateFinder(seed, LENGTHS_MS)] };
}
