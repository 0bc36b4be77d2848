import { calibrateOutages } from '../../chaos/calibration/outage.ts';
import { calibrateLimiter } from '../../measurement/calibration/limiter.ts';
import type { CalibrationResult } from '../../reports/record/types.ts';

/** Measures the instruments against servers on loopback whose truth is known; about half a minute. */
export async function calibrate(seed: number): Promise<CalibrationResult[]> {
  return [...(await calibrateLimiter()), ...(await calibrateOutages(seed))];
}
