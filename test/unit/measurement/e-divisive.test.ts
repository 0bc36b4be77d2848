/** Change points against those that Apache Otava's tests name (`tests/change_point_divisive_test.py`, `tests/analysis_test.py`). */
import { expect, test } from 'vitest';
import { changePoints } from '../../../measurement/comparison/e-divisive.ts';
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
