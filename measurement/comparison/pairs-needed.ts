/** How many runs a comparison needs before it can find what is looked for. */
import jStat from 'jstat';

/** Relative efficiency of the signed-rank test against the t test for normal noise (Lehmann, "Nonparametrics", 4.4): 3/π. */
const EFFICIENCY = 3 / Math.PI;

export interface Wanted {
  /** Coefficient of variation of single runs, above 0. */
  readonly noise: number;
  /** Smallest relative change that must be found, such as 0.1 for 10 %. */
  readonly effect: number;
  /** Metrics that are looked at together (see `holm`). */
  readonly metrics?: number;
  /** Chance of finding it, 0–1. */
  readonly power?: number;
  /** Chance of a false alarm, 0–1. */
  readonly alpha?: number;
}

/**
 * Interleaved pairs for a signed-rank test: n = ((z₁₋α⁄₂ + z_power) · σ ⁄ δ)² ⁄ (3⁄π) with σ = noise·√2, the
 * noise of a difference of logarithms, and δ = ln(1 + effect); never so few that no result could be significant.
 *
 * @throws {RangeError} unless noise and effect are above 0
 */
export function pairsNeeded({ noise, effect, metrics = 1, power = 0.9, alpha = 0.05 }: Wanted): number {
  if (!(noise > 0 && effect > 0)) throw new RangeError(`nothing to plan: noise ${noise}, effect ${effect}`);
  const corrected = alpha / metrics;
  const z = (p: number): number => jStat.normal.inv(p, 0, 1);
  const ratio = ((z(1 - corrected / 2) + z(power)) * noise * Math.SQRT2) / Math.log1p(effect);
  // With n pairs the smallest two-sided probability is 2/2ⁿ.
  const least = Math.ceil(1 - Math.log2(corrected));
  // The formula is for large n; a pair more makes up for the discreteness of few.
  return Math.max(least, Math.ceil(ratio ** 2 / EFFICIENCY) + 1);
}
