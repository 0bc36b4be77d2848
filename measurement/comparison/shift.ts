/**
 * By how much: the estimate of Hodges and Lehmann, "Estimates of location based on rank tests", Ann. Math. Stat.
 * 34 (1963), with the interval that the rank test itself gives. No distribution is assumed.
 */
import { rankSumDistribution } from './mann-whitney.ts';
import { atMost, EXACT_AT_MOST, normalAtMost } from './null-distribution.ts';
import { signedRankDistribution } from './signed-rank.ts';
import { CONFIDENCE, median } from '../statistics.ts';

export interface Shift {
  readonly estimate: number;
  /** Bounds of the shift; null where so few observations give none. */
  readonly lower: number | null;
  readonly upper: number | null;
}

/** The shift from the first group to the second: median of all differences. @throws {RangeError} when a group is empty */
export function shiftOfGroups(first: readonly number[], second: readonly number[], confidence = CONFIDENCE): Shift {
  if (first.length === 0 || second.length === 0) throw new RangeError('a group without observations has no shift');
  const differences = second.flatMap((b) => first.map((a) => b - a));
  const [m, n] = [first.length, second.length];
  if (m + n > EXACT_AT_MOST)
    return bounded(differences, (u) => normalAtMost(u, (m * n) / 2, (m * n * (m + n + 1)) / 12), confidence);
  const distribution = rankSumDistribution(
    m,
    Array.from({ length: m + n }, () => 1),
  );
  const offset = (m * (m + 1)) / 2;
  return bounded(differences, (u) => atMost(distribution, offset + u), confidence);
}

/** The shift of paired differences: median of the means of all pairs of them (Walsh averages). @throws {RangeError} without a difference */
export function shiftOfPairs(differences: readonly number[], confidence = CONFIDENCE): Shift {
  if (differences.length === 0) throw new RangeError('no pair: there is no shift');
  const means = differences.flatMap((a, index) => differences.slice(index).map((b) => (a + b) / 2));
  const n = differences.length;
  if (n > EXACT_AT_MOST)
    return bounded(means, (w) => normalAtMost(w, (n * (n + 1)) / 4, (n * (n + 1) * (2 * n + 1)) / 24), confidence);
  const distribution = signedRankDistribution(differences.map((_, index) => index + 1));
  return bounded(means, (w) => atMost(distribution, w), confidence);
}

/**
 * The interval that leaves out, at each end, as many of the candidates as the test's statistic may be small
 * (Lehmann, "Nonparametrics", sections 2.6 and 4.6): the largest k with P(S ≤ k − 1) ≤ half of the risk.
 */
function bounded(candidates: readonly number[], cdf: (statistic: number) => number, confidence: number): Shift {
  const sorted = candidates.toSorted((a, b) => a - b);
  const risk = (1 - confidence) / 2;
  let k = 0;
  while (k < sorted.length / 2 && cdf(k) <= risk) k += 1;
  const [lower, upper] = k === 0 ? [null, null] : [sorted[k - 1] ?? null, sorted[sorted.length - k] ?? null];
  return { estimate: median(sorted), lower, upper };
}
