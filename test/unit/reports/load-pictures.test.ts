import { describe, expect, test } from 'vitest';
import { endingsOf, heatOf, invalidStretches, kindsTable } from '../../../reports/render/page/load-pictures.ts';
import type { LoadBucket } from '../../../reports/record/types.ts';

const bucket = (at_s: number, rest: Partial<LoadBucket> = {}): LoadBucket => ({
  at_s,
  offered: 100,
  achieved: 100,
  dropped: 0,
  errors: 0,
  ...rest,
});
const load = (buckets: readonly LoadBucket[]) => ({ buckets, warmup_s: 0, promises: [] });

describe('a heat map', () => {
  test('has a column a second and a row a bin as long as there is room', () => {
    expect(heatOf(load([bucket(0, { heat: [36, 2, 38, 1] }), bucket(2, { heat: [37, 4] })]))).toMatchObject({
      end: 3,
      seconds: 1,
      firstBin: 36,
      binsInRow: 1,
      rows: 3,
      columns: [
        [0, 0, 2, 2, 1],
        [2, 1, 4],
      ],
    });
  });

  test('adds up seconds and bins that a picture cannot hold, and loses no request', () => {
    const hour = Array.from({ length: 3_600 }, (_, at) => bucket(at, { heat: [0, 1, at % 90, 2] }));
    const heat = heatOf(load(hour));
    expect(heat).toMatchObject({ end: 3_600, seconds: 12, binsInRow: 3, rows: 30 });
    expect(heat?.columns).toHaveLength(300);
    const counted = heat?.columns.flatMap(([, ...cells]) => cells.filter((_, index) => index % 2 === 1)) ?? [];
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(3 * 3_600);
  });

  test('reaches up to the promises; the table of a load without latencies is not drawn', () => {
    const promises = [
      {
        claim: 'c',
        percentile: 50,
        limit_ms: 10,
        measured_ms: 1,
        interval_ms: { lower: 1, upper: 1 },
        verdict: 'conforms' as const,
      },
    ];
    const buckets = [bucket(0, { heat: [36, 5] })];
    expect(heatOf({ ...load(buckets), promises })).toMatchObject({ limits_ms: [10], rows: 13 });
    expect(heatOf({ ...load(buckets), promises, measures: 'overhead' })).toMatchObject({ limits_ms: [], rows: 1 });
    expect(heatOf(load([bucket(0)]))).toBeNull();
  });
});

describe('failed and refused requests', () => {
  test('are drawn by kind, refusals first, then the most frequent', () => {
    const endings = endingsOf(
      load([
        bucket(0),
        bucket(1, { endings: { 'time-out': 1, limited: 9 } }),
        bucket(4, { endings: { 'status 503': 7 } }),
      ]),
    );
    expect(endings).toMatchObject({
      end: 5,
      kinds: [
        { name: 'limited', refused: true },
        { name: 'status 503', refused: false },
        { name: 'time-out', refused: false },
      ],
      columns: [
        [1, 9, 0, 1],
        [4, 0, 7, 0],
      ],
    });
  });

  test('of more kinds than can be told apart are one, with nothing lost', () => {
    const endings = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`status ${500 + index}`, 9 - index]));
    const drawn = endingsOf(load([bucket(0, { endings })]));
    expect(drawn?.kinds.map(({ name }) => name)).toEqual([
      'status 500',
      'status 501',
      'status 502',
      'status 503',
      '5 other kinds',
    ]);
    expect(drawn?.columns).toEqual([[0, 9, 8, 7, 6, 5 + 4 + 3 + 2 + 1]]);
  });

  test('have no picture when there are none', () => {
    expect(endingsOf(load([bucket(0), bucket(1)]))).toBeNull();
  });
});

describe('seconds that do not count as valid', () => {
  test('dropped requests, or sent less than 99 % of what was due', () => {
    const buckets = [bucket(0, { achieved: 98 }), bucket(1), bucket(2, { achieved: 99 }), bucket(3, { dropped: 1 })];
    expect(invalidStretches(buckets, 0, 1)).toEqual([0, 3]);
    expect(invalidStretches(buckets, 1, 1)).toEqual([3]);
    expect(invalidStretches(buckets, 0, 2)).toEqual([0, 2]);
  });

  test('one request on the other side of an edge is no shortage', () => {
    expect(invalidStretches([bucket(0, { offered: 60, achieved: 59 })], 0, 1)).toEqual([]);
    expect(invalidStretches([bucket(0, { offered: 60, achieved: 58 })], 0, 1)).toEqual([0]);
  });
});

test('the table of kinds gives shares of all, and latencies where there are any', () => {
  const table = kindsTable({
    kinds: [
      { outcome: 'answered', kind: 'hit', requests: 990, p50_ms: 4, p95_ms: 9, p99_ms: 12 },
      { outcome: 'failed', kind: '<b>', requests: 10 },
    ],
  });
  const text = JSON.stringify(table);
  for (const part of ['answered: hit', '99 %', '12 ms', 'failed: &lt;b&gt;', '1 %']) expect(text).toContain(part);
  expect(text).not.toContain('undefined');
  expect(kindsTable({ kinds: [] })).toBeNull();
});
