import { describe, expect, test } from 'vitest';
import { hashLines, hashRanges, linesOf, normalise, sectionAt, sectionsOf } from '../../../environments/ledger/hash.ts';
import { DOCUMENT } from './fixture.ts';

describe('normalised text', () => {
  test('white space and blank lines do not count', () => {
    expect(hashLines(['  a   b ', '', '\tc'])).toBe(hashLines(['a b', 'c']));
  });

  test('every other character counts', () => {
    expect(hashLines(['a b', 'c'])).not.toBe(hashLines(['a b', 'C']));
    expect(hashLines(['a', 'b'])).not.toBe(hashLines(['a b']));
  });

  test('line ends of every system, with and without a last one', () => {
    expect(linesOf('a\r\nb\nc')).toEqual(['a', 'b', 'c']);
    expect(linesOf('a\n')).toEqual(['a']);
    expect(normalise(linesOf(''))).toBe('');
  });
});

describe('sections', () => {
  const sections = sectionsOf(linesOf(DOCUMENT));

  test('reach from heading to heading; code is no heading', () => {
    expect(sections.map(({ key, lines }) => [key, ...lines])).toEqual([
      ['Guide', 1, 2],
      ['Limits', 3, 6],
      ['Routes', 7, 13],
      ['Times', 14, 15],
    ]);
  });

  test('each line belongs to one section', () => {
    expect(sectionAt(sections, 9)?.key).toBe('Routes');
    expect(sectionAt(sections, 99)).toBeUndefined();
  });

  test('equal headings are told apart by the headings above them', () => {
    const keys = sectionsOf(['# D', '## A', '### X', '## B', '### X', '### X']).map(({ key }) => key);
    expect(keys).toEqual(['D', 'A', 'D › A › X', 'B', 'D › B › X', 'D › B › X (2)']);
  });

  test('a longer fence is not closed by a shorter one', () => {
    expect(sectionsOf(['# A', '````', '```', '# no', '````', '# B']).map(({ key }) => key)).toEqual(['A', 'B']);
  });
});

test('ranges are hashed in their order', () => {
  const lines = ['a', 'b', 'c', 'd'];
  expect(
    hashRanges(lines, [
      [1, 1],
      [3, 4],
    ]),
  ).toBe(hashLines(['a', 'c', 'd']));
  expect(hashRanges(lines, [[4, 9]])).toBe(hashLines(['d']));
});
