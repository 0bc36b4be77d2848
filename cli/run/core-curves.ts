/** Readings of the host's cores as the curves of a record. */
import type { CoreReading, CoreSets, CoreTime } from '../../environments/harness/host-cores.ts';
import type { CoreResources } from '../../reports/record/types.ts';
import { Curves } from './curves.ts';

/** A reading comes once a second, and counters have ticks of 10 ms: hundredths of a core. */
const DIGITS = 2;

/**
 * All work on the cores of each side, in cores; second 0 is at the monotonic instant `began_ms`.
 * Empty when a core of a side cannot be read: half of the work would be told as all of it.
 */
export function coreCurves(sets: CoreSets, readings: readonly CoreReading[], began_ms: number): CoreResources[] {
  const sides = (['system', 'generator'] as const).map((side) => ({ side, cores: sets[side] }));
  const needed = sides.flatMap(({ cores }) => cores);
  const whole = readings.filter(({ cores }) => needed.every((core) => cores.has(core)));
  if (whole.length < 2) return [];
  const curves = new Curves(whole, began_ms);
  return sides.map(({ side, cores }) => {
    const inCores = (part: keyof CoreTime): CoreResources['busy_cores'] =>
      curves.rate(
        (reading) => cores.reduce((sum, core) => sum + (reading.cores.get(core)?.[part] ?? 0), 0) / 1000,
        DIGITS,
      );
    const stolen_cores = inCores('stolen_ms');
    return {
      side,
      cores,
      busy_cores: inCores('busy_ms'),
      interrupts_cores: inCores('interrupts_ms'),
      ...(stolen_cores.some(([, stolen]) => stolen > 0) ? { stolen_cores } : {}),
    };
  });
}
