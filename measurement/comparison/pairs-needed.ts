/** How many runs a comparison needs before it can find what is looked for. */
import jStat from 'jstat';

/** Relative efficiency of the signed-rank test against the t test for normal noise (Lehmann, "Nonparametrics", 4.4): 3/π. */
const EFFICIENCY = 3 / Math.PI;

export interface Wanted {
  /** Coefficient of variation of single runs, above 0. */
  readonly noise: number;
  /** Smallest relative change that must be found, such as 0.1 for 10 %. */
  readonly effect: number;
  /** Smallest estimate that counts; below `effect`. 0 when absent. */
  readonly minimumEffect?: number;
  /** Metrics that are looked at together (see `holm`). */
  readonly metrics?: number;
  /** Chance of finding it, 0–1. */
  readonly power?: number;
  /** Chance of a false alarm, 0–1. */
  readonly alpha?: number;
}

/**
 * Interleaved pairs for a signed-rank test. With σ = noise·√2, the noise of a difference of logarithms, and
 * δ = ln(1 + effect), significance needs n = ((z₁₋α⁄₂ + z) · σ ⁄ δ)² ⁄ (3⁄π) pairs, and an estimate above the
 * minimum needs n = (z · σ ⁄ (δ − δ_min))² ⁄ (3⁄π); each may fail in half of the cases in which anything may, so z
 * is that of 1 − (1 − power)⁄2. Never so few that no result could be significant.
 *
 * @throws {RangeError} unless noise is above 0 and effect above the minimum
 */
export function pairsNeeded(wanted: Wanted): number {
  const { noise, effect, minimumEffect = 0, metrics = 1, power = 0.9, alpha = 0.05 } = wanted;
  if (!(noise > 0 && effect > minimumEffect))
    throw new RangeError(`nothing to plan: noise ${noise}, effect ${effect}, minimum ${minimumEffect}`);
  const corrected = alpha / metrics;
  const quantile = (p: number): number => jStat.normal.inv(p, 0, 1);
  const z = quantile(1 - (1 - power) / 2);
  const sigma = noise * Math.SQRT2;
  const pairs = (deviations: number, delta: number): number => ((deviations * sigma) / delta) ** 2 / EFFICIENCY;
  const delta = Math.log1p(effect);
  // With n pairs the smallest two-sided probability is 2/2ⁿ.
  const least = Math.ceil(1 - Math.log2(corrected));
  const significant = pairs(quantile(1 - corrected / 2) + z, delta);
  const large = pairs(z, delta - Math.log1p(minimumEffect));
  // The formulas are for large n; a pair more makes up for the discreteness of few.
  return Math.max(least, Math.ceil(Math.max(significant, large)) + 1);
}
