import { describe, expect, test } from 'vitest';
import {
  judgeLeader,
  judgeSequence,
  judgeShares,
  judgeWeights,
  servedBy,
  smoothWeighted,
  tally,
} from '../../../conformance/checks/balancing.ts';
import { judgeLeastBusy, judgeOneBusy } from '../../../conformance/checks/busy-instances.ts';
// The series that several claims share has no judgement of its own: conformance/checks/shares.ts
import { pool } from '../../../conformance/checks/upstream-block.ts';

const times = (count: number, name: string): string[] => Array.from({ length: count }, () => name);

describe('smooth weighted round robin', () => {
  test('100/100/50 repeats after five turns', () => {
    expect(smoothWeighted([100, 100, 50], 10)).toEqual([0, 1, 2, 0, 1, 0, 1, 2, 0, 1]);
  });

  test('equal weights take turns', () => {
    expect(smoothWeighted([1, 1, 1], 6)).toEqual([0, 1, 2, 0, 1, 2]);
  });

  test('the order is judged from the first request on', () => {
    const weights = [
      ['a', 2],
      ['b', 1],
    ] as const;
    expect(judgeSequence(weights, ['a', 'b', 'a', 'a', 'b', 'a']).verdict).toBe('conforms');
    expect(judgeSequence(weights, ['a', 'a', 'b']).verdict).toBe('deviates');
  });
});

describe('shares', () => {
  test('one request more or less is the edge of a turn', () => {
    expect(judgeShares({ a: 50, b: 50 }, [...times(11, 'a'), ...times(9, 'b')], 'requests').verdict).toBe('conforms');
    expect(judgeShares({ a: 50, b: 50 }, [...times(12, 'a'), ...times(8, 'b')], 'requests').verdict).toBe('deviates');
  });

  test('nobody else may serve', () => {
    expect(judgeShares({ a: 50, b: 50 }, [...times(10, 'a'), ...times(9, 'b'), 'spare'], 'requests').verdict).toBe(
      'deviates',
    );
  });

  test('say nothing once a limit has refused a request', () => {
    const names = [...times(10, 'a'), ...times(9, 'b'), 'none (429)'];
    expect(judgeShares({ a: 50, b: 50 }, names, 'requests').verdict).toBe('inconclusive');
    expect(judgeSequence([['a', 1]], ['a', 'none (429)']).verdict).toBe('inconclusive');
  });

  test('follow weights that are configured in exactly the promised proportion', () => {
    const block = (...weights: number[]) =>
      pool(
        `upstream p { ${weights.map((weight, n) => `server s${String(n)}:1 weight=${String(weight)};`).join(' ')} server x:1 backup; }`,
        'p',
      );
    expect(judgeWeights([100, 100, 50], block(100, 100, 50)).verdict).toBe('conforms');
    expect(judgeWeights([100, 100, 50], block(2, 2, 1)).verdict).toBe('conforms');
    expect(judgeWeights([100, 100, 50], block(100, 95, 50)).verdict).toBe('deviates');
    expect(judgeWeights([100, 100, 50], block(100, 100)).verdict).toBe('deviates');
  });

  test('names are counted in alphabetical order', () => {
    expect([...tally(['b', 'a', 'b'])]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });
});

test('a leader is told by reads or by writes, in every pool', () => {
  const equal = { leader: 'a', followers: ['b'], reads: [...times(5, 'a'), ...times(5, 'b')], writes: ['a', 'b'] };
  expect(judgeLeader([equal]).verdict).toBe('deviates');
  expect(judgeLeader([{ ...equal, writes: times(6, 'a') }]).verdict).toBe('conforms');
  expect(judgeLeader([{ ...equal, writes: times(6, 'a') }, equal]).verdict).toBe('deviates');
});

describe('fewest active requests', () => {
  const held = ['a', 'b', 'c'];

  test('quick requests belong to the only idle instance', () => {
    expect(judgeLeastBusy({ held, free: 'c', quick: times(4, 'c') }).verdict).toBe('conforms');
    expect(judgeLeastBusy({ held, free: 'c', quick: ['c', 'a'] }).verdict).toBe('deviates');
  });

  test('two slow requests on one instance are a deviation', () => {
    expect(judgeLeastBusy({ held: ['a', 'a', 'c'], free: 'c', quick: times(4, 'c') }).verdict).toBe('deviates');
  });

  test('a slow request without an answer is a deviation, however late the others were', () => {
    expect(judgeLeastBusy({ held: ['a', 'none (502)', 'c'], free: 'c', quick: [], late: 'late' }).verdict).toBe(
      'deviates',
    );
  });

  test('late requests say nothing against the promise', () => {
    expect(judgeLeastBusy({ held, free: 'c', quick: ['c', 'a'], late: 'late' }).verdict).toBe('inconclusive');
  });
});

test('a busy instance keeps its turns', () => {
  const weights = [
    ['a', 100],
    ['b', 100],
    ['c', 50],
  ] as const;
  const right = { sequence: ['a', 'b', 'c', 'a', 'b'] };
  expect(judgeOneBusy(weights, right).verdict).toBe('conforms');
  expect(judgeOneBusy(weights, { sequence: ['a', 'b', 'c', 'b', 'b'] }).verdict).toBe('deviates');
  expect(judgeOneBusy(weights, { ...right, late: 'late' }).verdict).toBe('inconclusive');
});

test('the instance that a request reached last has answered it', () => {
  const arrival = (instance: string) => ({ instance }) as never;
  expect(servedBy({ arrivals: [arrival('a'), arrival('b')], seen: { status: 200 } as never })).toBe('b');
  expect(servedBy({ arrivals: [], seen: { status: 404 } as never })).toBe('none (404)');
});
