import { expect, test } from 'vitest';
import { judgeShared } from '../../../conformance/checks/shared-state.ts';

const STATE = {
  weights: [
    ['a', 100],
    ['b', 100],
    ['c', 50],
  ],
  sequence: ['a', 'b', 'c', 'a', 'b', 'a'],
  failingHits: [2, 0, 0],
  failing: 'x',
  maxFails: 2,
  alone: { turns: 6, of: 6 },
  lasted_s: 1,
  failTimeout_s: 10,
} as const;

test('one order and one count for all workers', () => {
  expect(judgeShared(STATE).verdict).toBe('conforms');
  expect(judgeShared({ ...STATE, sequence: ['a', 'b', 'a', 'b', 'a', 'b'] }).verdict).toBe('deviates');
  expect(judgeShared({ ...STATE, failingHits: [2, 2, 2] }).verdict).toBe('deviates');
});

test('says nothing when workers were not alone, or a mark could have run out', () => {
  expect(judgeShared({ ...STATE, alone: { turns: 5, of: 6 } }).verdict).toBe('inconclusive');
  expect(judgeShared({ ...STATE, lasted_s: 11, failingHits: [2, 0, 1] }).verdict).toBe('inconclusive');
});
