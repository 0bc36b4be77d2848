import hdr from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';

import { LONGEST_MS } from '../../../measurement/histogram.ts';
import { LoadSamples } from '../../../scenarios/engines/samples.ts';

/** Two seconds of warm-up at 1/s, then ten at 3/s. */
function samplesOf(): LoadSamples {
  const steps = [
    { name: 'warm-up', rate_perS: 1, start_s: 0, duration_s: 2, drain_s: 0 },
    { name: 'measured', rate_perS: 3, start_s: 2, duration_s: 10, drain_s: 15 },
  ];
  return new LoadSamples(steps, ['measured'], 15);
}

/** A histogram as k6's extension writes it, from latencies in ms. */
function encoded(latencies_ms: readonly number[]): string {
  const histogram = hdr.build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_MS * 1000,
    numberOfSignificantValueDigits: 3,
  });
  for (const latency of latencies_ms) histogram.recordValue(latency * 1000);
  return hdr.encodeIntoCompressedBase64(histogram);
}

interface Given {
  readonly outcome?: string;
  readonly kind?: string;
  readonly step?: string;
  readonly second?: number;
  readonly dropped?: number;
}

/** A line with requests of so many ms each. */
function line(
  latencies_ms: readonly number[],
  { outcome = 'answered', kind, step = 'measured', second = 0, dropped = 0 }: Given = {},
): string {
  const histograms =
    outcome === 'refused' || latencies_ms.length === 0
      ? {}
      : { gateproof_corrected: encoded(latencies_ms), http_req_duration: encoded(latencies_ms.map((ms) => ms - 1)) };
  const requests = latencies_ms.length;
  return JSON.stringify({ step, route: 'list', outcome, kind, second, requests, dropped, histograms });
}

describe('samples of a step', () => {
  test('become histograms, outcomes and one bucket a second of the plan', () => {
    const samples = samplesOf();
    for (const second of [0, 1, 2]) samples.take(line([50, 60, 70], { second }));
    expect(samples.outcomes).toEqual({ answered: 9, refused: 0, failed: 0 });
    expect(samples.corrected.count).toBe(9);
    expect(samples.corrected.percentile_ms(50)).toBeCloseTo(60, 0);
    expect(samples.actual.percentile_ms(100)).toBeCloseTo(69, 0);
    const buckets = samples.buckets();
    expect(buckets.map(({ at_s, offered, achieved }) => [at_s, offered, achieved])).toEqual([
      [2, 3, 3],
      [3, 3, 3],
      [4, 3, 3],
    ]);
    expect(buckets[0]?.p50_ms).toBeCloseTo(60, 0);
    expect(buckets[0]?.p99_ms).toBeCloseTo(70, 0);
  });

  test('a second that comes in several lines is one bucket', () => {
    const samples = samplesOf();
    expect(samples.take(line([10]))).toBe(2);
    samples.take(line([20]));
    expect(samples.buckets()).toMatchObject([{ at_s: 2, achieved: 2, p99_ms: expect.closeTo(20, 0) as number }]);
    expect(samples.corrected.count).toBe(2);
  });

  test('other steps have buckets, but decide nothing; other output is passed over', () => {
    const samples = samplesOf();
    expect(samples.take(line([10], { step: 'warm-up', second: 1 }))).toBe(1);
    expect(samples.take(line([10], { step: 'unknown' }))).toBeNull();
    expect(samples.take('not of a generator')).toBeNull();
    expect(samples.achieved).toBe(0);
    expect(samples.corrected.count).toBe(0);
    expect(samples.seen).toBe(2);
    expect(samples.buckets()).toMatchObject([{ at_s: 1, offered: 1, achieved: 1 }]);
  });

  test('failures and refusals are outcomes of their own', () => {
    const samples = samplesOf();
    samples.take(line([10]));
    samples.take(line([LONGEST_MS, LONGEST_MS], { outcome: 'failed' }));
    samples.take(line([10], { outcome: 'refused' }));
    expect(samples.outcomes).toEqual({ answered: 1, refused: 1, failed: 2 });
    expect(samples.corrected.count).toBe(3);
    expect(samples.corrected.percentile_ms(100)).toBeGreaterThanOrEqual(LONGEST_MS);
    // On paper a failed request took as long as a client waits.
    expect(samples.buckets()).toMatchObject([{ at_s: 2, achieved: 4, errors: 2, p99_ms: 15_000 }]);
  });

  test('are told apart by what became of them, each with latencies of its own', () => {
    const samples = samplesOf();
    samples.take(line([5, 5, 5], { kind: 'hit' }));
    samples.take(line([5, 80], { kind: 'hit', second: 1 }));
    samples.take(line([90], { kind: 'miss' }));
    samples.take(line([10, 10], { outcome: 'refused', kind: 'limited', second: 1 }));
    samples.take(line([LONGEST_MS], { outcome: 'failed', kind: 'status 503', second: 1 }));
    samples.take(line([LONGEST_MS], { outcome: 'failed', kind: 'time-out', second: 1 }));
    samples.take(line([LONGEST_MS], { outcome: 'failed', kind: 'status 503', second: 1 }));
    samples.take(line([7], { step: 'warm-up', kind: 'hit' }));
    const near = (ms: number): number => expect.closeTo(ms, 0) as number;
    expect(samples.kinds.table()).toEqual([
      { outcome: 'answered', kind: 'hit', requests: 5, p50_ms: near(5), p95_ms: near(80), p99_ms: near(80) },
      { outcome: 'answered', kind: 'miss', requests: 1, p50_ms: near(90), p95_ms: near(90), p99_ms: near(90) },
      { outcome: 'refused', kind: 'limited', requests: 2 },
      { outcome: 'failed', kind: 'status 503', requests: 2 },
      { outcome: 'failed', kind: 'time-out', requests: 1 },
    ]);
    const [, quiet, broken] = samples.buckets();
    expect(quiet?.endings).toBeUndefined();
    expect(broken?.endings).toEqual({ limited: 2, 'status 503': 2, 'time-out': 1 });
  });

  test('without a kind, as older generators write them, are told apart by outcome', () => {
    const samples = samplesOf();
    samples.take(line([5]));
    samples.take(line([10], { outcome: 'refused' }));
    samples.take(line([LONGEST_MS], { outcome: 'failed' }));
    expect(samples.kinds.table().map(({ outcome, kind }) => [outcome, kind])).toEqual([
      ['answered', 'answered'],
      ['refused', 'limited'],
      ['failed', 'no reason known'],
    ]);
  });

  test("samples that the tool makes by itself are no kind, and a second's heat is that of its answers", () => {
    const samples = samplesOf();
    samples.take(line([1, 1, 10], { kind: 'miss' }));
    samples.take(line([LONGEST_MS], { outcome: 'failed', kind: 'time-out' }));
    const own = JSON.parse(line([9])) as { readonly histograms: { readonly http_req_duration: string } };
    const { http_req_duration } = own.histograms;
    samples.take(JSON.stringify({ ...own, requests: 0, histograms: { http_req_duration } }));
    expect(samples.kinds.table().map(({ kind }) => kind)).toEqual(['miss', 'time-out']);
    expect(samples.buckets()[0]?.heat).toEqual([36, 2, 48, 1]);
  });

  test('dropped iterations are counted where they happened, without a latency', () => {
    const samples = samplesOf();
    samples.take(line([10]));
    samples.take(line([], { second: 1, dropped: 3 }));
    expect(samples.dropped).toBe(3);
    expect(samples.buckets()[1]).toEqual({ at_s: 3, offered: 3, achieved: 0, dropped: 3, errors: 0 });
  });

  test('the request that a tool starts at the very end belongs to the last second', () => {
    const samples = samplesOf();
    samples.take(line([10], { second: 10 }));
    expect(samples.buckets()).toMatchObject([{ at_s: 11, achieved: 1 }]);
  });

  test('ten million requests of an hour stay within 300 MB', () => {
    const steps = [{ name: 'measured', rate_perS: 2_800, start_s: 0, duration_s: 3_600, drain_s: 15 }];
    const samples = new LoadSamples(steps, ['measured'], 15);
    const before = process.memoryUsage().rss;
    // One second's histogram, encoded once: what differs from second to second does not change what is kept.
    const second = Array.from({ length: 2_800 }, (_, index) => 1 + index / 4);
    const cell = JSON.parse(line(second)) as object;
    for (let at = 0; at < 3_600; at += 1) samples.take(JSON.stringify({ ...cell, second: at }));
    expect(samples.corrected.count).toBe(10_080_000);
    expect(samples.buckets()).toHaveLength(3_600);
    expect(samples.buckets().every(({ p95_ms, heat }) => p95_ms !== undefined && heat !== undefined)).toBe(true);
    expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(300);
  });
});

describe('how long users waited', () => {
  /** What k6 writes of failures: its own metric without a kind, the requests with theirs; both endless. */
  const failed = (kind: string, requests: number): string[] => [
    JSON.stringify({
      ...{ step: 'measured', route: 'list', outcome: 'failed', second: 0, requests: 0, dropped: 0 },
      histograms: { http_req_duration: encoded(Array<number>(requests).fill(LONGEST_MS)) },
    }),
    JSON.stringify({
      ...{ step: 'measured', route: 'list', outcome: 'failed', kind, second: 0, requests, dropped: 0 },
      histograms: { gateproof_corrected: encoded(Array<number>(requests).fill(LONGEST_MS)) },
    }),
  ];

  test('counts answers, and no failures that may have come at once', () => {
    const samples = samplesOf();
    for (const text of [line([50, 60, 70]), ...failed('status 502', 100), ...failed('no answer', 100)])
      samples.take(text);
    expect(samples.actual.count).toBe(203);
    expect(samples.waits.count).toBe(3);
    expect(samples.waits.max_ms).toBeCloseTo(69, 0);
  });

  test('counts requests that hung until the client gave up', () => {
    const samples = samplesOf();
    for (const text of failed('time-out', 100)) samples.take(text);
    expect(samples.waits.count).toBe(100);
    expect(samples.waits.percentile_ms(1) / 1000).toBeCloseTo(15, 1);
  });

  test('leaves out an expected 401 that the tool itself counts as failed', () => {
    const samples = samplesOf();
    samples.take(failed('', 100)[0] ?? '');
    expect(samples.waits.count).toBe(0);
  });
});
