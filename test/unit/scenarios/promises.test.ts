import { expect, test } from 'vitest';

import { ClusteredHistogram } from '../../../measurement/clustered-histogram.ts';
import { LatencyHistogram } from '../../../measurement/histogram.ts';
import { judgePromise } from '../../../scenarios/promises.ts';

const PROMISE = { claim: 'demo', percentile: 95, limit_ms: 100 };

/** Twenty seconds of 100 requests each, 90 of which were fast. */
function load(slow_ms: (second: number) => number): ClusteredHistogram {
  const all = new ClusteredHistogram();
  for (let second = 4; second < 24; second += 1) {
    const one = new LatencyHistogram();
    one.record(20, 90);
    one.record(slow_ms(second), 10);
    all.addOf(second, one);
  }
  return all;
}

const judged = (slow_ms: (second: number) => number, slow: string | null = null) => {
  const all = load(slow_ms);
  return judgePromise(PROMISE, { all, halves: all.halves() }, [], slow);
};
const from = (second: number, ms: number, before_ms: number) => (at: number) => (at >= second ? ms : before_ms);

test('what stays the same is kept, or not', () => {
  expect(judged(() => 90).verdict).toBe('conforms');
  expect(judged(() => 110).verdict).toBe('deviates');
});

test.each([
  ['was slower than promised while it warmed up', 14, 50, 500],
  ['grew slow', 14, 500, 50],
])('a system that %s neither keeps nor breaks a promise', (_, second, ms, before_ms) => {
  expect(judged(from(second, ms, before_ms))).toMatchObject({
    verdict: 'inconclusive',
    reason: expect.stringContaining('no steady state'),
  });
});

test('one that was always too slow deviates, and one that was never too slow conforms, whatever changed', () => {
  expect(judged(from(14, 110, 500)).verdict).toBe('deviates');
  expect(judged(from(14, 500, 110)).verdict).toBe('deviates');
  expect(judged(from(14, 10, 90)).verdict).toBe('conforms');
  expect(judged(from(14, 90, 10)).verdict).toBe('conforms');
});

test('what was slow beside the system explains a half that was', () => {
  expect(judged(from(14, 500, 50), 'others took the machine').reason).toBe('others took the machine');
});

test('halves are told from the limit as finely as all of it', () => {
  // All kept it, the second half by little.
  expect(judged(from(14, 98, 90)).verdict).toBe('conforms');
});

test('a moment of slowness is no change', () => {
  expect(judged((at) => (at === 5 ? 500 : 30)).verdict).toBe('conforms');
});
