import { expect, test } from 'vitest';

import { ClusteredHistogram } from '../../../measurement/clustered-histogram.ts';
import { effectiveShare } from '../../../measurement/clusters.ts';
import { LatencyHistogram } from '../../../measurement/histogram.ts';
import { seededRandom } from '../../../measurement/random.ts';
import type { Random } from '../../../measurement/random.ts';

const exponential = (random: Random): number => -Math.log(1 - random());

/** A histogram of each second. */
function seconds(count: number, latencies: (second: number) => readonly number[]): ClusteredHistogram {
  const all = new ClusteredHistogram();
  for (let second = 0; second < count; second += 1) {
    const one = new LatencyHistogram();
    for (const latency_ms of latencies(second)) one.record(latency_ms);
    all.addOf(second, one);
  }
  return all;
}

/** The same latencies as if nobody knew their seconds. */
const independent = (clustered: ClusteredHistogram): LatencyHistogram => new LatencyHistogram().add(clustered);

const inside = (value: number, { lower, upper }: { lower: number | null; upper: number | null }): boolean =>
  (lower ?? 0) <= value && value <= (upper ?? Number.POSITIVE_INFINITY);

test('independent latencies are worth what they are, but for the few seconds that say so', () => {
  const random = seededRandom(1);
  const cluster = () => ({
    samples: 100,
    below: Array.from({ length: 100 }, random).filter((one) => one < 0.9).length,
  });
  const many = effectiveShare(new Map(Array.from({ length: 2_000 }, (_, second) => [second, cluster()])));
  expect(many).toBeGreaterThan(0.8);
  // Fifteen seconds could not tell that they depend on each other, so they count for less.
  const few = Array.from({ length: 200 }, () =>
    effectiveShare(new Map(Array.from({ length: 15 }, (_, second) => [second, cluster()]))),
  );
  const mean = few.reduce((sum, one) => sum + one, 0) / few.length;
  expect(mean).toBeGreaterThan(0.35);
  expect(mean).toBeLessThan(0.6);
});

test('requests that share the fate of their second are worth one', () => {
  const random = seededRandom(2);
  const fate = () => ({ samples: 100, below: random() < 0.1 ? 0 : 100 });
  const worth = effectiveShare(new Map(Array.from({ length: 2_000 }, (_, second) => [second, fate()])));
  expect(worth * 100).toBeGreaterThan(0.7);
  expect(worth * 100).toBeLessThan(1.01);
});

test('a share of none or all shows no clusters, and one second nothing of how seconds differ', () => {
  const two = (below: number) => new Map([0, 1].map((second) => [second, { samples: 100, below }]));
  expect(effectiveShare(two(0))).toBe(1);
  expect(effectiveShare(two(100))).toBe(1);
  expect(effectiveShare(new Map([[0, { samples: 100, below: 50 }]]))).toBe(0.01);
});

test('intervals cover the true percentile as often as they say, where those of independent samples do not', () => {
  const random = seededRandom(7);
  const covered = { clustered: 0, independent: 0 };
  const rounds = 300;
  for (let round = 0; round < rounds; round += 1) {
    // The pace of a second lasts into the next ones: its logarithm is an autoregressive process of order one.
    let pace = 0;
    const seen = seconds(60, () => {
      pace = 0.5 * pace + 0.5 * (random() + random() + random() - 1.5);
      return Array.from({ length: 60 }, () => 50 * Math.exp(pace) * exponential(random));
    });
    // Of 3.6 million latencies of this process.
    const truth_ms = 161.4;
    if (inside(truth_ms, seen.interval_ms(95))) covered.clustered += 1;
    if (inside(truth_ms, independent(seen).interval_ms(95))) covered.independent += 1;
  }
  expect(covered.independent / rounds).toBeLessThan(0.75);
  expect(covered.clustered / rounds).toBeGreaterThanOrEqual(0.93);
});

test('bounds only ever move outwards', () => {
  const random = seededRandom(11);
  for (let round = 0; round < 50; round += 1) {
    const seen = seconds(12, (second) => Array.from({ length: 80 }, () => (1 + (second % 3)) * exponential(random)));
    for (const percentile of [50, 90, 95]) {
      const [wide, narrow] = [seen.interval_ms(percentile), independent(seen).interval_ms(percentile)];
      expect(wide.lower).toBeLessThanOrEqual(narrow.lower ?? 0);
      expect(wide.upper).toBeGreaterThanOrEqual(narrow.upper ?? 0);
    }
  }
});

test('a single slow second excludes no percentile that it may hold, and one that nothing reached stays excluded', () => {
  // 6 % of all requests took a second, and all within one of 16 seconds: P95 may as well be 10 ms.
  const seen = seconds(16, (second) => Array.from({ length: 100 }, () => (second === 5 ? 1_000 : 10)));
  expect(independent(seen).interval_ms(95).lower).toBeGreaterThan(900);
  expect(seen.interval_ms(95).lower).toBeLessThan(11);
  expect(seen.interval_ms(95).upper).toBeLessThan(1_001);
  expect(seen.interval_ms(99).upper).toBeLessThan(1_001);
});

test('endless latencies count in their second; too few samples have no bound', () => {
  const seen = seconds(10, () => [
    ...Array.from({ length: 90 }, () => 5),
    ...Array.from({ length: 10 }, () => Infinity),
  ]);
  expect(seen.count).toBe(1_000);
  expect(seen.interval_ms(50).upper).toBeLessThan(6);
  expect(seen.interval_ms(95).lower).toBeGreaterThan(100_000);
  expect(seen.interval_ms(99.9).upper).toBeNull();
  // One second of failures, and another with a few: the median lies before them, and no bound is endless.
  const failing = seconds(20, (second) =>
    Array.from({ length: 100 }, (_, n) => (second === 5 || n < second ? Infinity : 5)),
  );
  expect(failing.interval_ms(50).upper).toBeLessThan(6);
  expect(failing.interval_ms(90).upper).toBeGreaterThan(100_000);
});

test('what is merged knows its seconds still', () => {
  const seen = seconds(16, (second) => Array.from({ length: 100 }, () => (second === 5 ? 1_000 : 10)));
  expect(new ClusteredHistogram().add(seen).interval_ms(95)).toEqual(seen.interval_ms(95));
});

test('halves are those of the time, with endless latencies', () => {
  const seen = seconds(11, (second) => (second < 6 ? [10, 20] : [400, Infinity]));
  const [first, second] = seen.halves();
  expect([first.count, second.count]).toEqual([12, 10]);
  expect(first.max_ms / 20).toBeCloseTo(1, 1);
  expect(second.percentile_ms(50) / 400).toBeCloseTo(1, 1);
  expect(second.max_ms).toBeGreaterThan(100_000);
});

test('seconds that differ by little differ, wherever the limit lies', () => {
  const turns = (fast: number) =>
    seconds(13, (second) => Array.from({ length: 300 }, () => (second < fast ? 197 : 203)));
  const { lower, upper } = turns(7).interval_ms(50);
  expect(lower).toBeLessThan(198);
  expect(upper).toBeGreaterThanOrEqual(203);
});

test('failures that nobody sent count in their seconds', () => {
  const told = seconds(60, (second) => Array.from({ length: 100 }, (_, n) => (second < 4 && n < 90 ? Infinity : 100)));
  const held = seconds(60, (second) => Array.from({ length: second < 4 ? 10 : 100 }, () => 100));
  for (let second = 0; second < 4; second += 1) held.fail(second, 90);
  expect(held.interval_ms(95)).toEqual(told.interval_ms(95));
  expect(held.interval_ms(95).lower).toBeLessThan(101);
});

test('latencies without seconds stand for themselves, and do not mix with others', () => {
  const plain = new ClusteredHistogram();
  for (let n = 1; n <= 1_000; n += 1) plain.record(n);
  expect(plain.interval_ms(95)).toEqual(new LatencyHistogram().add(plain).interval_ms(95));
  expect(() => seconds(2, () => [1]).add(new LatencyHistogram())).toThrow(TypeError);
});
