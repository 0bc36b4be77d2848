/** Change points against those that Apache Otava's tests name (`tests/change_point_divisive_test.py`, `tests/analysis_test.py`). */
import { expect, test } from 'vitest';
import { changePoints, leastValues } from '../../../measurement/comparison/e-divisive.ts';
import { seededRandom } from '../../../measurement/random.ts';

test('two changes of level', () => {
  const series = [0.3, 2.4, 1.5, -0.9, -0.5, 99.7, 98.3, 99.1, 149, 149.7, 149.5, 149.1, 148.8, 150];
  expect(changePoints(series, 0.05).map(({ index }) => index)).toEqual([5, 8]);
});

test('one change, and the levels around it', () => {
  const before = [1.02, 0.95, 0.99, 1, 1.12, 1, 1.01, 0.98, 1.01, 0.96];
  const after = [0.5, 0.51, 0.48, 0.48, 0.55, 0.5, 0.49, 0.51, 0.5, 0.49];
  const found = changePoints([...before, ...after]);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ index: 10, before: 1, after: 0.5 });
});

test('noise has none, and too few values have none', () => {
  const random = seededRandom(3);
  expect(changePoints(Array.from({ length: 60 }, () => 100 + random()))).toEqual([]);
  expect(changePoints([1, 2, 100])).toEqual([]);
});

test('fewer values than the least show no change, however clear it is', () => {
  const parted = (length: number): readonly number[] =>
    Array.from({ length }, (_, index) => (index < length / 2 ? 100 : 200) + Math.sin(index));
  const least = leastValues();
  expect(least).toBe(11);
  // Not by one seed: fewer values are told by luck at best.
  const found = (length: number): number =>
    Array.from({ length: 20 }, (_, seed) => changePoints(parted(length), 0.01, seed + 1)).filter(
      ({ length: changes }) => changes > 0,
    ).length;
  expect(found(9)).toBeLessThan(7);
  expect(found(least)).toBeGreaterThan(10);
  expect(leastValues(0.05)).toBeLessThan(least);
});
