/**
 * Whether one of two independent groups tends to larger values: the test of Mann and Whitney,
 * "On a test of whether one of two random variables is stochastically larger", Ann. Math. Stat. 18 (1947).
 */
import { EXACT_AT_MOST, normalTwoSided, twoSided } from './null-distribution.ts';
import type { NullDistribution } from './null-distribution.ts';
import { rank, tieTerm } from './ranks.ts';

export interface RankTest {
  /** The statistic: U of the first group, or W of the positive differences. */
  readonly statistic: number;
  /** Two-sided probability of something as extreme when nothing differs, 0–1. */
  readonly p: number;
  readonly exact: boolean;
}

/**
 * Two-sided test; U counts the pairs in which the first group's value is larger (half for equal ones).
 *
 * @throws {RangeError} when a group is empty
 */
export function mannWhitney(first: readonly number[], second: readonly number[]): RankTest {
  const [m, n] = [first.length, second.length];
  if (m === 0 || n === 0) throw new RangeError('a group without observations cannot be compared');
  const { ranks, ties } = rank([...first, ...second]);
  const rankSum = ranks.slice(0, m).reduce((sum, one) => sum + one, 0);
  const offset = (m * (m + 1)) / 2;
  const statistic = rankSum - offset;
  if (m + n <= EXACT_AT_MOST) return { statistic, p: twoSided(rankSumDistribution(m, ties), rankSum), exact: true };
  const total = m + n;
  const variance = ((m * n) / 12) * (total + 1 - tieTerm(ties) / (total * (total - 1)));
  return { statistic, p: normalTwoSided(statistic, (m * n) / 2, variance), exact: false };
}

/**
 * Rank sum of `m` observations drawn from groups of equal values (Klotz, "The Wilcoxon, ties, and the
 * computer", JASA 61 (1966)): of a group of t equal values with midrank r, j are drawn in C(t, j) ways and add j·r.
 */
export function rankSumDistribution(m: number, ties: readonly number[]): NullDistribution {
  const total = ties.reduce((sum, t) => sum + t, 0);
  const length = total * (total + 1) + 1;
  // ways[k][2 × sum]: probabilities, not counts, so that nothing overflows.
  let ways: Float64Array[] = Array.from({ length: m + 1 }, () => new Float64Array(length));
  const [none] = ways;
  if (none) none[0] = 1;
  let before = 0;
  for (const t of ties) {
    const doubled = 2 * before + t + 1;
    ways = withGroup(ways, t, doubled);
    before += t;
  }
  const drawn = ways[m] ?? new Float64Array(1);
  const sum = drawn.reduce((all, one) => all + one, 0);
  return { mass: Array.from(drawn, (one) => one / sum) };
}

function withGroup(ways: readonly Float64Array[], t: number, doubledMidrank: number): Float64Array[] {
  const next = ways.map((row) => Float64Array.from(row));
  let choose = 1;
  for (let j = 1; j <= t; j += 1) {
    choose = (choose * (t - j + 1)) / j;
    const shift = j * doubledMidrank;
    for (let k = j; k < ways.length; k += 1) {
      const [from, to] = [ways[k - j], next[k]];
      if (!from || !to) continue;
      for (let index = shift; index < to.length; index += 1)
        to[index] = (to[index] ?? 0) + choose * (from[index - shift] ?? 0);
    }
  }
  return next;
}
