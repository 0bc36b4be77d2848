import { expect, test } from 'vitest';

import { judgeRatio } from '../../../scenarios/calibration/throughput.ts';

/** Ten ratios around one, so far apart. */
const around = (ratio: number, spread: number): number[] =>
  Array.from({ length: 10 }, (_, n) => Math.log(ratio * (1 + spread * ((n - 4.5) / 4.5))));

test.each([
  ['an engine that costs nothing', 1, 0.03, 1, true],
  ['one that costs a little', 0.95, 0.03, 0.97, true],
  ['one that costs a tenth', 0.9, 0.03, 0.92, false],
  ['one that may cost anything', 0.97, 0.3, 1, false],
  ['a tool that was held back when it was alone', 1.1, 0.03, 1.08, false],
])('%s', (_, ratio, spread, nearest, holds) => {
  const { calibration, narrow } = judgeRatio('demo', around(ratio, spread));
  expect(calibration.holds).toBe(holds);
  expect(narrow).toBe(spread < 0.1);
  expect(calibration.measured).toBeCloseTo(nearest, 1.7);
});

test('no pair says nothing', () => {
  expect(judgeRatio('demo', [])).toMatchObject({ narrow: false, calibration: { holds: false } });
});
