import { describe, expect, test } from 'vitest';

import { clockOffset } from '../../../measurement/clock.ts';
import { seededRandom } from '../../../measurement/random.ts';
import {
  binomialTail,
  fisherTail,
  median,
  partialTail,
  proportionInterval,
  quantile,
  quantileInterval,
  quantileRanks,
  samplesForUpperBound,
  trialsForStatement,
} from '../../../measurement/statistics.ts';

describe('proportions', () => {
  // Published values: no failure in n trials leaves 1 − (α/2)^(1/n) as the upper bound.
  test.each([10, 30, 59])('no failure in %i trials', (n) => {
    expect(proportionInterval(0, n).lower).toBe(0);
    expect(proportionInterval(0, n).upper).toBeCloseTo(1 - 0.025 ** (1 / n), 8);
  });

  test('5 of 10: the textbook interval', () => {
    expect(proportionInterval(5, 10).lower).toBeCloseTo(0.1871, 4);
    expect(proportionInterval(5, 10).upper).toBeCloseTo(0.8129, 4);
  });

  test('nonsense is refused', () => {
    expect(() => proportionInterval(2, 1)).toThrow(RangeError);
    expect(() => proportionInterval(0, 0)).toThrow(RangeError);
  });
});

describe('quantiles', () => {
  test('the ranks of the median of 100 are the textbook ones', () => {
    expect(quantileRanks(100, 0.5)).toEqual({ lower: 40, upper: 61 });
  });

  test('a high quantile of few samples has no upper bound', () => {
    expect(quantileRanks(367, 0.99).upper).toBeNull();
    expect(quantileRanks(368, 0.99).upper).toBe(368);
    expect(samplesForUpperBound(0.99)).toBe(368);
    expect(samplesForUpperBound(0.999)).toBe(3688);
  });

  test('millions of samples neither overflow nor take long', () => {
    const ranks = quantileRanks(10_000_000, 0.999);
    expect(ranks.lower).toBeCloseTo(9_990_000 - 196, -1);
    expect(ranks.upper).toBeCloseTo(9_990_000 + 197, -1);
  });

  test('the interval covers the true quantile as often as it says', () => {
    const random = seededRandom(3);
    let covered = 0;
    for (let round = 0; round < 400; round += 1) {
      const interval = quantileInterval(Array.from({ length: 500 }, random), 0.95);
      if ((interval.lower ?? 0) <= 0.95 && 0.95 <= (interval.upper ?? 1)) covered += 1;
    }
    expect(covered / 400).toBeGreaterThanOrEqual(0.94);
  });

  test('point estimates', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(trialsForStatement(0.95)).toBe(59);
  });
});

describe('clocks', () => {
  test('the fastest round trip decides the offset and half of it is the error', () => {
    const offset = clockOffset([
      { asked_ms: 0, answered_ms: 100, theirs_ms: 5_090 },
      { asked_ms: 200, answered_ms: 202, theirs_ms: 5_201.4 },
    ]);
    expect(offset.offset_ms).toBeCloseTo(5_000.4);
    expect(offset.error_ms).toBe(1);
    expect(() => clockOffset([])).toThrow(RangeError);
  });
});

test('a seed gives the same numbers again, another seed gives others', () => {
  const [one, same, other] = [seededRandom(1), seededRandom(1), seededRandom(2)];
  const first = Array.from({ length: 50 }, one);
  expect(Array.from({ length: 50 }, same)).toEqual(first);
  expect(Array.from({ length: 50 }, other)).not.toEqual(first);
  expect(first.every((value) => value >= 0 && value < 1)).toBe(true);
});

test('a tail for numbers that are not whole passes through those that are', () => {
  for (const n of [40, 3_000, 200_000])
    for (const p of [0.5, 0.95])
      expect(partialTail(Math.round(n * p) + 3, n, p)).toBeCloseTo(binomialTail(Math.round(n * p) + 3, n, p), 3);
  const between = partialTail(92.5, 93.5, 0.95);
  expect(between).toBeLessThan(partialTail(92, 93.5, 0.95));
  expect(between).toBeGreaterThan(partialTail(93, 93.5, 0.95));
  expect(partialTail(0, 10, 0.5)).toBe(1);
  expect(partialTail(11, 10, 0.5)).toBe(0);
});

test("Fisher's tea: three of four right has a chance of 17 in 70", () => {
  expect(fisherTail(3, 4, 1, 4)).toBeCloseTo(17 / 70, 10);
  expect(fisherTail(4, 4, 0, 4)).toBeCloseTo(1 / 70, 10);
  expect(fisherTail(0, 4, 0, 4)).toBe(1);
});
