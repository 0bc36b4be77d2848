/**
 * Change points of a history: E-divisive of Matteson and James, "A nonparametric approach for multiple change
 * point analysis of multivariate data", JASA 109 (2014). A stretch is split where both sides differ most, as
 * long as shuffling the stretch rarely gives as large a difference.
 */
import { seededRandom } from '../random.ts';
import type { Random } from '../random.ts';
import { median } from '../statistics.ts';

/** Shuffles for each question: the smallest probability is 1 in 200. */
const SHUFFLES = 199;
/** A side needs this many values before it can be told from the other. */
const LEAST = 3;
/** Largest probability that counts, 0–1. */
const ALPHA = 0.01;

export interface ChangePoint {
  /** Index of the first value of the new level. */
  readonly index: number;
  /** Chance that a shuffled stretch differs as much. */
  readonly p: number;
  /** Medians of the stretches before and after. */
  readonly before: number;
  readonly after: number;
}

/**
 * All change points, in order.
 *
 * @param alpha largest probability that counts, 0–1
 * @param seed of the shuffles
 */
export function changePoints(series: readonly number[], alpha = ALPHA, seed = 1): readonly ChangePoint[] {
  const random = seededRandom(seed);
  const found: { index: number; p: number }[] = [];
  const open = [{ from: 0, to: series.length }];
  for (let stretch = open.pop(); stretch; stretch = open.pop()) {
    const { from, to } = stretch;
    const split = bestSplit(series.slice(from, to));
    if (!split) continue;
    const p = chance(series.slice(from, to), split.difference, random);
    if (p > alpha) continue;
    const index = from + split.at;
    found.push({ index, p });
    open.push({ from, to: index }, { from: index, to });
  }
  return levels(
    series,
    found.toSorted((a, b) => a.index - b.index),
  );
}

/**
 * How many values there must be before even a change in their middle, with no value of one level among the other's, can
 * be told. A shuffle of n values parts them as well with probability 2/C(n, n/2), and the chance that is found by
 * shuffling is expected to be above that.
 *
 * @param alpha largest probability that counts, 0–1
 */
export function leastValues(alpha = ALPHA): number {
  let values = 2;
  // C(values, ⌊values/2⌋)
  let ways = 2;
  while (values < 2 * LEAST || ((2 / ways) * SHUFFLES + 1) / (SHUFFLES + 1) > alpha) {
    values += 1;
    ways = (ways * values) / Math.ceil(values / 2);
  }
  return values;
}

function levels(series: readonly number[], found: readonly { index: number; p: number }[]): readonly ChangePoint[] {
  const edges = [0, ...found.map(({ index }) => index), series.length];
  return found.map(({ index, p }, place) => ({
    index,
    p,
    before: median(series.slice(edges[place], index)),
    after: median(series.slice(index, edges[place + 2])),
  }));
}

interface Split {
  readonly at: number;
  readonly difference: number;
}

/**
 * The split with the largest energy distance, over all beginnings of the right side and all its ends: a later
 * change must not hide an earlier one. Null when there are too few values.
 */
function bestSplit(values: readonly number[]): Split | null {
  const sums = blockSums(values);
  let best: Split | null = null;
  for (let at = LEAST; at <= values.length - LEAST; at += 1) {
    for (let end = at + LEAST; end <= values.length; end += 1) {
      const difference = energyDistance(sums, at, end);
      if (!best || difference > best.difference) best = { at, difference };
    }
  }
  return best;
}

/** sums[i][j]: sum of |x − y| over all x of the first i and y of the first j values. */
function blockSums(values: readonly number[]): readonly Float64Array[] {
  const sums = [new Float64Array(values.length + 1)];
  values.forEach((x, i) => {
    const above = sums[i];
    const row = new Float64Array(values.length + 1);
    let across = 0;
    values.forEach((y, j) => {
      across += Math.abs(x - y);
      row[j + 1] = (above?.[j + 1] ?? 0) + across;
    });
    sums.push(row);
  });
  return sums;
}

/** mn/(m+n) times the energy distance of the first m values and the n that follow, to `end`. */
function energyDistance(sums: readonly Float64Array[], at: number, end: number): number {
  const block = (i: number, j: number): number => sums[i]?.[j] ?? 0;
  const [m, n] = [at, end - at];
  const left = block(at, at);
  const cross = block(at, end) - left;
  const right = block(end, end) - left - 2 * cross;
  return ((m * n) / (m + n)) * ((2 * cross) / (m * n) - left / (m * (m - 1)) - right / (n * (n - 1)));
}

function chance(values: readonly number[], difference: number, random: Random): number {
  let asLarge = 0;
  for (let round = 0; round < SHUFFLES; round += 1) {
    const split = bestSplit(shuffled(values, random));
    if (split && split.difference >= difference - 1e-12) asLarge += 1;
  }
  return (asLarge + 1) / (SHUFFLES + 1);
}

/** Durstenfeld's shuffle. */
function shuffled(values: readonly number[], random: Random): readonly number[] {
  const copy = [...values];
  for (let last = copy.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [copy[last], copy[other]] = [copy[other] ?? 0, copy[last] ?? 0];
  }
  return copy;
}
