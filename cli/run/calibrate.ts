import { calibrateOutages } from '../../chaos/calibration/outage.ts';
import type { Calibration } from '../../chaos/calibration/trials.ts';
import { calibrateLimiter } from '../../measurement/calibration/limiter.ts';

/** Measures the instruments against servers on loopback whose truth is known; about half a minute. */
export async function calibrate(seed: number): Promise<Calibration> {
  const limiter = await calibrateLimiter();
  const outages = await calibrateOutages(seed);
  return { ...outages, results: [...limiter, ...outages.results] };
}
