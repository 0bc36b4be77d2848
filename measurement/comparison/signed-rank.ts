/**
 * Whether paired differences lie to one side of zero: the signed-rank test of Wilcoxon,
 * "Individual comparisons by ranking methods", Biometrics Bulletin 1 (1945).
 */
import type { RankTest } from './mann-whitney.ts';
import { EXACT_AT_MOST, normalTwoSided, twoSided } from './null-distribution.ts';
import type { NullDistribution } from './null-distribution.ts';
import { rank, tieTerm } from './ranks.ts';

/**
 * Two-sided test. Differences of zero say nothing about the side and are left out (Wilcoxon's own rule); W is
 * the sum of the ranks of the positive ones. Without any other difference p is 1.
 */
export function signedRank(differences: readonly number[]): RankTest {
  const told = differences.filter((difference) => difference !== 0);
  const { ranks, ties } = rank(told.map(Math.abs));
  const statistic = ranks.reduce((sum, one, index) => sum + ((told[index] ?? 0) > 0 ? one : 0), 0);
  const n = told.length;
  if (n === 0) return { statistic: 0, p: 1, exact: true };
  if (n <= EXACT_AT_MOST) return { statistic, p: twoSided(signedRankDistribution(ranks), statistic), exact: true };
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - tieTerm(ties) / 48;
  return { statistic, p: normalTwoSided(statistic, (n * (n + 1)) / 4, variance), exact: false };
}

/** Sum of those ranks whose difference is positive, each with probability one half. */
export function signedRankDistribution(ranks: readonly number[]): NullDistribution {
  const length = 2 * ranks.reduce((sum, one) => sum + one, 0) + 1;
  let mass = new Float64Array(length);
  mass[0] = 1;
  for (const one of ranks) {
    const shift = 2 * one;
    mass = mass.map((value, index) => (value + (index >= shift ? (mass[index - shift] ?? 0) : 0)) / 2);
  }
  return { mass: Array.from(mass) };
}
