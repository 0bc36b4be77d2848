import { expect, test } from 'vitest';

import { calibrateOutages } from '../../chaos/calibration/outage.ts';

test('scripted outages at random phase with 1 % background errors: bounds hold the truth, within 20 ms', async () => {
  const results = await calibrateOutages(20_260, [250, 250, 250, 1_000, 1_000, 2_900]);
  expect(results.filter((result) => !result.holds)).toEqual([]);
  expect(results).toHaveLength(6);
});
