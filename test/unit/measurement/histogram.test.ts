import { expect, test } from 'vitest';

import { LatencyHistogram, latencyInWords, LONGEST_MS, mergeHistograms } from '../../../measurement/histogram.ts';

function uniform(from: number, to: number): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (let latency_ms = from; latency_ms <= to; latency_ms += 1) histogram.record(latency_ms);
  return histogram;
}

test('percentiles are within a thousandth', () => {
  const histogram = uniform(1, 1000);
  expect(histogram.percentile_ms(50)).toBeCloseTo(500, -0.5);
  expect(Math.abs(histogram.percentile_ms(99) - 990)).toBeLessThan(1);
  expect(histogram.max_ms).toBeCloseTo(1000, 0);
});

test('intervals come from order statistics, and are open where samples are too few', () => {
  const { lower, upper } = uniform(1, 1000).interval_ms(99);
  expect(lower).toBeGreaterThan(980);
  expect(lower).toBeLessThan(990);
  expect(upper).toBeGreaterThan(990);
  expect(upper).toBeLessThan(999);
  expect(uniform(1, 1000).interval_ms(99.9).upper).toBeNull();
});

test('merging histograms is the same as recording everything in one', () => {
  const merged = mergeHistograms([uniform(1, 400), uniform(401, 1000)]);
  expect(merged.count).toBe(1000);
  expect(merged.spectrum()).toEqual(uniform(1, 1000).spectrum());
});

test('a spectrum is monotone and ends at the largest latency', () => {
  const points = uniform(1, 1000).spectrum();
  expect(points.at(-1)).toMatchObject({ percentile: 100 });
  for (const [index, point] of points.entries()) {
    expect(point.value_ms).toBeGreaterThanOrEqual(points[index - 1]?.value_ms ?? 0);
  }
});

test('nothing recorded, nothing claimed; endless latencies count as the longest', () => {
  const histogram = new LatencyHistogram();
  expect(histogram.percentile_ms(99)).toBe(0);
  expect(histogram.spectrum()).toEqual([]);
  expect(histogram.shareUpTo(10)).toBe(0);
  histogram.record(Number.POSITIVE_INFINITY);
  histogram.record(-1);
  expect(histogram.percentile_ms(100)).toBe(LONGEST_MS);
  expect(latencyInWords(histogram.percentile_ms(100))).toBe('no answer');
  expect(latencyInWords(271.34)).toBe('271.3 ms');
  expect(histogram.shareUpTo(10)).toBe(0.5);
});

test('a heat map counts by twelfths of a decade, and leaves endless latencies out', () => {
  const histogram = new LatencyHistogram();
  histogram.record(0);
  histogram.record(1, 5);
  histogram.record(1.2);
  histogram.record(1.3);
  histogram.record(999);
  histogram.record(Number.POSITIVE_INFINITY, 3);
  // 1 ms is 10³ µs, and 10^(1 / 12) is 1.21.
  expect(histogram.heat()).toEqual([0, 1, 36, 6, 37, 1, 71, 1]);
  expect(new LatencyHistogram().heat()).toEqual([]);
});

test('a spectrum goes to P99.99 as soon as one sample in ten thousand is there', () => {
  const deepest = (count: number): number => uniform(1, count).spectrum().at(-2)?.percentile ?? 0;
  expect(deepest(9_000)).toBeLessThan(99.99);
  expect(deepest(10_000)).toBe(99.99);
});

test('what came no times is not the largest', () => {
  const histogram = new LatencyHistogram();
  histogram.record(5);
  histogram.record(Number.POSITIVE_INFINITY, 0);
  expect(histogram.max_ms).toBeCloseTo(5, 2);
  expect(histogram.count).toBe(1);
});
