import { expect, test } from 'vitest';

import { calibrateOutages } from '../../chaos/calibration/outage.ts';

test('scripted outages at random phase with 1 % background errors, jittered or not: bounds hold the truth', async () => {
  const { results, inconclusive } = await calibrateOutages(20_260);
  expect(results.filter((result) => !result.holds)).toEqual([]);
  // Simulated: two conditions, four lengths. On the wire as many, less what a busy machine spoiled.
  expect(results.length + inconclusive.length).toBe(16);
  expect(results.length).toBeGreaterThan(8);
});
