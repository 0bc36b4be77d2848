import { expect, test } from 'vitest';
import { judgeShared, judgeZones } from '../../../conformance/checks/shared-state.ts';

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

test('both pools share memory of the promised size', () => {
  const config = (size: string): string =>
    `upstream admin_backend { zone admin_backend 64k; }\nupstream customer_backend { zone customer_backend ${size}; }`;
  expect(judgeZones(64, config('64k')).verdict).toBe('conforms');
  expect(judgeZones(64, config('65536')).verdict).toBe('conforms');
  expect(judgeZones(64, config('128k')).verdict).toBe('deviates');
  expect(judgeZones(64, 'upstream admin_backend { zone a 64k; }').verdict).toBe('deviates');
});

test('says nothing when workers were not alone, or a mark could have run out', () => {
  expect(judgeShared({ ...STATE, alone: { turns: 5, of: 6 } }).verdict).toBe('inconclusive');
  expect(judgeShared({ ...STATE, lasted_s: 11, failingHits: [2, 0, 1] }).verdict).toBe('inconclusive');
});
