import { describe, expect, test } from 'vitest';

import { findOutages, steadyState } from '../../../measurement/outage.ts';
import type { Outage } from '../../../measurement/outage.ts';
import { seededRandom } from '../../../measurement/random.ts';
import type { Random } from '../../../measurement/random.ts';
import type { ProbeSample } from '../../../reports/record/types.ts';

interface Script {
  readonly to_ms: number;
  readonly outages?: readonly (readonly [from_ms: number, to_ms: number])[];
  readonly errorRate?: number;
  readonly failureRate?: number;
  readonly random?: Random;
  readonly jitter_ms?: number;
}

/** Probes each 10 ms with 1 ms of latency and up to 1.5 ms of lateness. */
function series({
  to_ms,
  outages = [],
  errorRate = 0,
  failureRate = 1,
  random = seededRandom(1),
  jitter_ms = 0,
}: Script): ProbeSample[] {
  const count = Math.floor(to_ms / 10);
  return Array.from({ length: count }, (_, index): ProbeSample => {
    const sent_ms = index * 10 + random() * 1.5;
    const done_ms = sent_ms + 1 + random() * jitter_ms;
    const down = outages.some(([from, to]) => done_ms > from && sent_ms < to) && random() < failureRate;
    const ok = !down && random() >= errorRate;
    return { intended_ms: index * 10, sent_ms, done_ms, ok, kind: ok ? 'status-200' : 'ECONNREFUSED' };
  });
}

const quiet = steadyState(series({ to_ms: 3_000 }));

describe('steady state', () => {
  test('no error is not proof of none', () => {
    expect(quiet.failureRate).toBeGreaterThan(0);
    expect(quiet.failureRate).toBeLessThan(0.002);
  });

  test('without an answer there is none', () => {
    expect(() => steadyState([])).toThrow(RangeError);
  });
});

describe('bounds', () => {
  // Hand-made trials at random phase: both bounds must hold the truth, background errors or not.
  test.each([
    { lasts_ms: 50, errorRate: 0, jitter_ms: 0, misses: 0 },
    { lasts_ms: 250, errorRate: 0.01, jitter_ms: 0, misses: 1 },
    { lasts_ms: 1_000, errorRate: 0.01, jitter_ms: 0, misses: 1 },
    { lasts_ms: 2_900, errorRate: 0.01, jitter_ms: 0, misses: 1 },
    { lasts_ms: 1_000, errorRate: 0.01, jitter_ms: 40, misses: 1 },
  ])('$lasts_ms ms, background $errorRate, jitter $jitter_ms ms', ({ lasts_ms, errorRate, jitter_ms, misses }) => {
    const random = seededRandom(lasts_ms);
    const steady = steadyState(series({ to_ms: 3_000, errorRate, random, jitter_ms }));
    let missed = 0;
    for (let trial = 0; trial < 100; trial += 1) {
      const from_ms = 1_000 + random() * 20;
      const samples = series({
        to_ms: from_ms + lasts_ms + 2_000,
        outages: [[from_ms, from_ms + lasts_ms]],
        errorRate,
        random,
        jitter_ms,
      });
      const found = worst(findOutages(samples, steady));
      if (!found || found.lower_ms > lasts_ms || found.upper_ms < lasts_ms) missed += 1;
    }
    expect(missed).toBeLessThanOrEqual(misses);
  });

  test('background errors alone are no outage', () => {
    const random = seededRandom(5);
    const steady = steadyState(series({ to_ms: 5_000, errorRate: 0.01, random }));
    for (let trial = 0; trial < 50; trial += 1) {
      expect(findOutages(series({ to_ms: 5_000, errorRate: 0.01, random }), steady)).toEqual([]);
    }
  });

  test('a partial outage is found by its rate', () => {
    const samples = series({ to_ms: 6_000, outages: [[2_000, 4_000]], failureRate: 0.3, random: seededRandom(9) });
    const found = worst(findOutages(samples, quiet));
    expect(found?.lower_ms).toBeGreaterThan(1_700);
    expect(found?.upper_ms).toBeLessThan(2_150);
  });
});

describe('ends', () => {
  test('a return for less than the sustained time is a flap, not an end', () => {
    const [found, second] = findOutages(
      series({
        to_ms: 4_000,
        outages: [
          [1_000, 1_200],
          [1_500, 1_700],
        ],
      }),
      quiet,
    );
    expect(second).toBeUndefined();
    expect(found?.flaps).toBe(1);
    expect(found?.estimate_ms).toBeCloseTo(700, -1.5);
  });

  test('after the sustained time another outage is another outage', () => {
    expect(
      findOutages(
        series({
          to_ms: 4_000,
          outages: [
            [1_000, 1_200],
            [1_900, 2_100],
          ],
        }),
        quiet,
      ),
    ).toHaveLength(2);
  });

  test('a return that still fails more often than the steady state is no end', () => {
    const random = seededRandom(4);
    const probes = series({ to_ms: 6_000, outages: [[1_000, 2_000]], random });
    const limping = probes.map((sample) =>
      sample.sent_ms >= 2_000 && sample.sent_ms < 2_600 && random() < 0.3 ? { ...sample, ok: false } : sample,
    );
    const [found, second] = findOutages(limping, quiet);
    expect(second).toBeUndefined();
    expect(found?.lastFailed_ms).toBeGreaterThan(2_400);
    expect(found?.upper_ms).toBeLessThan(1_700);
  });

  test('a return that was not watched for the sustained time leaves the outage open', () => {
    const [found] = findOutages(series({ to_ms: 2_300, outages: [[1_000, 2_000]] }), quiet);
    expect(found?.open).toBe(true);
    expect(found?.upper_ms).toBeGreaterThan(1_250);
  });

  test('an outage that lasts to the end of the series is open', () => {
    const [found] = findOutages(series({ to_ms: 2_000, outages: [[1_500, 9_000]] }), quiet);
    expect(found?.open).toBe(true);
    expect(found?.lower_ms).toBeGreaterThan(450);
  });

  test('a probe that waited for its time-out counts from when it should have been answered', () => {
    const samples = series({ to_ms: 4_000, outages: [[1_000, 2_000]] }).map((sample) =>
      sample.ok ? sample : { ...sample, done_ms: sample.sent_ms + 1_000, kind: 'timeout' },
    );
    const found = worst(findOutages(samples, quiet));
    expect(found?.lower_ms).toBeGreaterThan(950);
    expect(found?.upper_ms).toBeLessThan(1_040);
  });
});

function worst(outages: readonly Outage[]): Outage | undefined {
  return outages.toSorted((a, b) => b.failed - a.failed)[0];
}
