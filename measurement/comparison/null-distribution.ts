/** Discrete distributions of a rank sum when nothing differs, and the probabilities read from them. */
import jStat from 'jstat';

/** Up to so many observations the exact distribution is used, ties included. */
export const EXACT_AT_MOST = 60;

/** Probability of each value; sums of midranks are halves, so keys are doubled: `mass[2 × sum]`. */
export interface NullDistribution {
  readonly mass: readonly number[];
}

/** P(S ≤ sum). */
export function atMost({ mass }: NullDistribution, sum: number): number {
  const last = Math.min(mass.length - 1, Math.floor(2 * sum + 1e-9));
  let total = 0;
  for (let index = 0; index <= last; index += 1) total += mass[index] ?? 0;
  return Math.min(1, total);
}

/** P(S ≥ sum). */
export function atLeast({ mass }: NullDistribution, sum: number): number {
  let total = 0;
  for (let index = Math.max(0, Math.ceil(2 * sum - 1e-9)); index < mass.length; index += 1) total += mass[index] ?? 0;
  return Math.min(1, total);
}

/** Twice the smaller tail, at most 1. */
export function twoSided(distribution: NullDistribution, sum: number): number {
  return Math.min(1, 2 * Math.min(atMost(distribution, sum), atLeast(distribution, sum)));
}

/** P(S ≤ sum) from a normal distribution, with continuity correction. */
export function normalAtMost(sum: number, mean: number, variance: number): number {
  return jStat.normal.cdf((sum + 0.5 - mean) / Math.sqrt(variance), 0, 1);
}

/** `twoSided` from a normal distribution, moved towards the mean by half a step (continuity correction). */
export function normalTwoSided(sum: number, mean: number, variance: number): number {
  const distance = Math.max(0, Math.abs(sum - mean) - 0.5);
  return variance === 0 ? 1 : Math.min(1, 2 * jStat.normal.cdf(-distance / Math.sqrt(variance), 0, 1));
}
