import { expect, test } from 'vitest';

import { calibrateLimiter } from '../../measurement/calibration/limiter.ts';

test('servers with known buckets: the estimate holds the truth and is narrow', async () => {
  const results = await calibrateLimiter();
  expect(results.filter((result) => !result.holds)).toEqual([]);
  expect(results).toHaveLength(6);
});
