import { describe, expect, test } from 'vitest';

import { seededRandom } from '../../../measurement/random.ts';
import type { Random } from '../../../measurement/random.ts';
import { estimateLimiter, simulateLeakyBucket } from '../../../measurement/token-bucket.ts';
import type { LeakyBucket, LimiterObservation } from '../../../measurement/token-bucket.ts';

const documented: LeakyBucket = { rate_perS: 100 / 60, burst: 30 };

describe('forward model', () => {
  test('a burst of b gives b + 1 at once', () => {
    const accepted = simulateLeakyBucket(
      documented,
      Array.from({ length: 40 }, () => 0),
    );
    expect(accepted.filter(Boolean)).toHaveLength(31);
  });

  test('one leaks out in 600 ms, counted in whole thousandths as nginx does', () => {
    const full = Array.from({ length: 31 }, () => 0);
    expect(simulateLeakyBucket(documented, [...full, 600]).at(-1)).toBe(false);
    expect(simulateLeakyBucket(documented, [...full, 601]).at(-1)).toBe(true);
  });

  test('a refused request costs nothing', () => {
    const full = Array.from({ length: 31 }, () => 0);
    expect(simulateLeakyBucket(documented, [...full, 100, 200, 300, 601]).at(-1)).toBe(true);
  });
});

/** A schedule of a burst and a stream, with the arrival hidden somewhere between sending and answer. */
function observe(bucket: LeakyBucket, random: Random, spread_ms: number): LimiterObservation[] {
  const stream_ms = 1000 / (bucket.rate_perS * 3);
  const at = [
    ...Array.from({ length: bucket.burst + 8 }, () => 0),
    ...Array.from({ length: 40 }, (_, index) => (index + 1) * stream_ms),
  ];
  const sent = at.map((at_ms) => {
    const arrival_ms = at_ms + random() * spread_ms;
    return { sent_ms: at_ms, arrival_ms, done_ms: arrival_ms + random() * spread_ms };
  });
  const byArrival = sent.toSorted((a, b) => a.arrival_ms - b.arrival_ms);
  const accepted = simulateLeakyBucket(
    bucket,
    byArrival.map((one) => one.arrival_ms + 1e9),
  );
  return byArrival.map(({ sent_ms, done_ms }, index) => ({
    sent_ms: sent_ms + 1e9,
    done_ms: done_ms + 1e9,
    accepted: accepted[index] ?? false,
  }));
}

describe('estimator', () => {
  test.each([
    { rate_perS: 100 / 60, burst: 20 },
    { rate_perS: 50 / 60, burst: 10 },
    { rate_perS: 5, burst: 0 },
    { rate_perS: 10, burst: 50 },
  ])('the truth is always consistent: $rate_perS/s, burst $burst', (bucket) => {
    const random = seededRandom(bucket.burst + 1);
    for (let trial = 0; trial < 20; trial += 1) {
      const estimate = estimateLimiter(observe(bucket, random, 15));
      const match = estimate.consistent.find((one) => one.burst === bucket.burst);
      expect(match?.min_perS).toBeLessThanOrEqual(bucket.rate_perS);
      expect(match?.max_perS).toBeGreaterThanOrEqual(bucket.rate_perS * 0.999);
    }
  });

  test('a quiet path pins burst and rate', () => {
    const estimate = estimateLimiter(observe(documented, seededRandom(2), 4));
    expect(estimate.burst).toEqual({ min: 30, max: 30 });
    expect(estimate.rate_perS?.min).toBeGreaterThan(documented.rate_perS * 0.95);
    expect(estimate.rate_perS?.max).toBeLessThan(documented.rate_perS * 1.05);
  });

  test('twice the documented rate is told from it', () => {
    const estimate = estimateLimiter(observe({ rate_perS: 200 / 60, burst: 30 }, seededRandom(3), 4));
    expect(estimate.rate_perS?.min).toBeGreaterThan(documented.rate_perS);
  });

  test('without a refusal the rate has no upper bound', () => {
    const estimate = estimateLimiter([{ sent_ms: 0, done_ms: 1, accepted: true }]);
    expect(estimate.rate_perS?.max).toBe(Number.POSITIVE_INFINITY);
  });

  test('what no bucket does has no estimate', () => {
    const refusedFirst = { sent_ms: 0, done_ms: 1, accepted: false };
    const laterBurst = Array.from({ length: 5 }, (_, index) => ({
      sent_ms: 1000 + index,
      done_ms: 1001 + index,
      accepted: true,
    }));
    expect(estimateLimiter([refusedFirst, ...laterBurst]).consistent).toEqual([]);
  });
});
