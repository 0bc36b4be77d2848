/** Intervals for proportions, quantiles and medians. Confidence is two-sided unless said otherwise. */
import jStat from 'jstat';

import type { Interval } from '../reports/record/types.ts';
import type { Random } from './random.ts';

/** Confidence of every interval that goes into a verdict. */
export const CONFIDENCE = 0.95;

/**
 * Exact (Clopper–Pearson) interval of a proportion: `successes` of `trials`.
 * The bounds are quantiles of beta distributions: Clopper and Pearson, "The use
 * of confidence or fiducial limits", Biometrika 26 (1934).
 *
 * @throws RangeError unless 0 ≤ successes ≤ trials and trials > 0
 */
export function proportionInterval(
  successes: number,
  trials: number,
  confidence = CONFIDENCE,
): { readonly lower: number; readonly upper: number } {
  if (!(trials > 0 && successes >= 0 && successes <= trials)) {
    throw new RangeError(`not a proportion: ${successes} of ${trials}`);
  }
  const tail = (1 - confidence) / 2;
  return {
    lower: successes === 0 ? 0 : jStat.beta.inv(tail, successes, trials - successes + 1),
    upper: successes === trials ? 1 : jStat.beta.inv(1 - tail, successes + 1, trials - successes),
  };
}

/**
 * The share that a proportion reaches at least, with one-sided confidence: the
 * lower bound of Clopper and Pearson with all the doubt on one side.
 *
 * @throws RangeError unless 0 ≤ successes ≤ trials and trials > 0
 */
export function proportionAtLeast(successes: number, trials: number, confidence = CONFIDENCE): number {
  return proportionInterval(successes, trials, 2 * confidence - 1).lower;
}

/** 1-based ranks of the observations that bound a quantile; null where no observation can. */
export interface RankInterval {
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * Ranks of the order statistics that enclose the `p`-quantile of n independent
 * observations (David and Nagaraja, "Order Statistics", section 7.1): with B
 * binomial(n, p), P(X₍ₗ₎ ≤ q) = P(B ≥ l) and P(q ≤ X₍ᵤ₎) = P(B ≤ u − 1). No
 * distribution is assumed, and no bound beyond the largest observation is made up.
 *
 * @param p quantile in (0, 1)
 */
export function quantileRanks(n: number, p: number, confidence = CONFIDENCE): RankInterval {
  const tail = (1 - confidence) / 2;
  // Largest l with P(B ≤ l − 1) ≤ tail; smallest u with P(B ≤ u − 1) ≥ 1 − tail.
  const lower = firstRank(n, (rank) => binomialCdf(rank - 1, n, p) > tail) - 1;
  const upper = firstRank(n, (rank) => binomialCdf(rank - 1, n, p) >= 1 - tail);
  return { lower: lower >= 1 ? lower : null, upper: upper <= n ? upper : null };
}

/** Smallest rank in 1…n+1 for which a monotone condition holds (n + 1 when none does). */
function firstRank(n: number, holds: (rank: number) => boolean): number {
  let low = 1;
  let high = n + 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** P(B ≥ k) for B binomial(n, p): the chance of so many or more. */
export function binomialTail(k: number, n: number, p: number): number {
  return 1 - binomialCdf(k - 1, n, p);
}

/** Up to so many samples the library's incomplete beta function agrees with the sum to four digits. */
const BETA_MAX = 100_000;

/**
 * The chance of so many or more, for numbers that need not be whole: samples in clusters are worth a part of their
 * number. P(B ≥ k) = I_p(k, n − k + 1), as Clopper and Pearson's interval has it.
 */
export function partialTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return n > BETA_MAX ? binomialTail(Math.floor(k), Math.ceil(n), p) : jStat.ibeta(p, k, n - k + 1);
}

/**
 * One-sided p-value of `more` of `moreOf` against `few` of `fewOf` when both are equally likely (Fisher's exact test):
 * the chance that so many or more of all that happened fall into the first group.
 */
export function fisherTail(more: number, moreOf: number, few: number, fewOf: number): number {
  const happened = more + few;
  const all = logChoose(moreOf + fewOf, happened);
  let sum = 0;
  for (let k = more; k <= Math.min(happened, moreOf); k += 1)
    if (happened - k <= fewOf) sum += Math.exp(logChoose(moreOf, k) + logChoose(fewOf, happened - k) - all);
  return Math.min(1, sum);
}

/** Natural logarithm of the number of ways to choose k of n. */
const logChoose = (n: number, k: number): number =>
  jStat.gammaln(n + 1) - jStat.gammaln(k + 1) - jStat.gammaln(n - k + 1);

/** P(B ≤ k) for B binomial(n, p): the shorter tail is summed outwards from k, until its terms no longer count. */
function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return k < n * p ? tailSum(k, n, p) : 1 - tailSum(n - k - 1, n, 1 - p);
}

/** Sum of P(B = i) for i = k, k − 1, … 0. */
function tailSum(k: number, n: number, p: number): number {
  const odds = (1 - p) / p;
  let term = Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p));
  let sum = 0;
  for (let i = k; i >= 0 && term > sum * 1e-17; i -= 1) {
    sum += term;
    term *= (i / (n - i + 1)) * odds;
  }
  return Math.min(1, sum);
}

/**
 * Fewest observations for which a quantile has an upper order-statistic bound:
 * the largest of n exceeds the quantile with probability 1 − pⁿ.
 */
export function samplesForUpperBound(p: number, confidence = CONFIDENCE): number {
  return Math.ceil(Math.log((1 - confidence) / 2) / Math.log(p));
}

/**
 * Fewest trials, all of them good, that show "at least a share `p` is good"
 * with one-sided confidence: pⁿ ≤ 1 − confidence (59 for 95 % at 95 %).
 */
export function trialsForStatement(p: number, confidence = CONFIDENCE): number {
  return Math.ceil(Math.log(1 - confidence) / Math.log(p));
}

/** Interval of a quantile of sorted or unsorted `values` by order statistics. */
export function quantileInterval(values: readonly number[], p: number, confidence = CONFIDENCE): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  const ranks = quantileRanks(sorted.length, p, confidence);
  const at = (rank: number | null) => (rank === null ? null : (sorted[rank - 1] ?? null));
  return { lower: at(ranks.lower), upper: at(ranks.upper) };
}

/** Median of a non-empty list; NaN of an empty one. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Quantile by linear interpolation between order statistics (Hyndman and Fan's type 7); NaN of an empty list. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * p;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** Resamples of a bootstrap: the bounds then vary by less than a hundredth of the interval from seed to seed. */
const RESAMPLES = 2_000;

/**
 * Percentile bootstrap of a median (Efron and Tibshirani, "An Introduction to the
 * Bootstrap", chapter 13): the observations are drawn again with replacement, and
 * the middle share of the medians is the interval. Too narrow for fewer than about
 * ten observations, and for high quantiles at any number: see `quantileInterval`.
 *
 * @param bounds lower and upper bound of each observation; the interval covers both
 * @throws RangeError without observations
 */
export function bootstrapMedian(
  bounds: readonly (readonly [number, number])[],
  random: Random,
  confidence = CONFIDENCE,
): { readonly lower: number; readonly upper: number } {
  if (bounds.length === 0) throw new RangeError('nothing to resample');
  const lows: number[] = [];
  const highs: number[] = [];
  for (let round = 0; round < RESAMPLES; round += 1) {
    const drawn = bounds.map(() => bounds[Math.floor(random() * bounds.length)] ?? [0, 0]);
    lows.push(median(drawn.map(([low]) => low)));
    highs.push(median(drawn.map(([, high]) => high)));
  }
  const tail = (1 - confidence) / 2;
  return { lower: quantile(lows, tail), upper: quantile(highs, 1 - tail) };
}
