import { expect, test } from 'vitest';
import { inWords, splitCores } from '../../../environments/harness/pinning.ts';

test('the two threads of a core are on the same side, however they are numbered', () => {
  const apart = ['0,4', '1,5', '2,6', '3,7', '0,4', '1,5', '2,6', '3,7'];
  expect(splitCores(8, apart)).toEqual({ system: [0, 4, 1, 5], instruments: [2, 6, 3, 7], sharesCore: false });
  const together = ['0-1', '0-1', '2-3', '2-3'];
  expect(splitCores(4, together)).toEqual({ system: [0, 1], instruments: [2, 3], sharesCore: false });
});

test('cores of one thread are halved, the larger half for the system', () => {
  expect(splitCores(2, ['0', '1'])).toEqual({ system: [0], instruments: [1], sharesCore: false });
  expect(splitCores(3, ['0', '1', '2'])).toEqual({ system: [0, 1], instruments: [2], sharesCore: false });
});

test('cores of different size leave each side one at least', () => {
  expect(splitCores(3, ['0', '1-2', '1-2'])).toEqual({ system: [0], instruments: [1, 2], sharesCore: false });
  expect(splitCores(3, ['0-1', '0-1', '2'])).toEqual({ system: [0, 1], instruments: [2], sharesCore: false });
});

test('processors that are numbered with gaps are halved as they are', () => {
  expect(splitCores(2, ['10', '2'])).toEqual({ system: [2], instruments: [10], sharesCore: false });
});

test('threads of the only core are told apart, and the record says that they share it', () => {
  const split = splitCores(2, ['0-1', '0-1']);
  expect(split).toEqual({ system: [0], instruments: [1], sharesCore: true });
  expect(inWords(split)).toContain('threads of their own on one core, which they share');
});

test('the cores of another machine say nothing about those of the engine', () => {
  for (const siblings of [[], ['0', '1'], ['0-1', '0-1', '2-3', '2-3', '4-5', '4-5']]) {
    const split = splitCores(4, siblings);
    expect(split).toEqual({ system: [0, 1], instruments: [2, 3], sharesCore: null });
    expect(inWords(split)).toContain('unknown');
  }
});

test('a machine with one processor is not halved', () => {
  expect(splitCores(1, ['0'])).toBeNull();
  expect(inWords(null)).toBe('one core: not pinned');
});
