import { expect, test } from 'vitest';

import { orNull, waitFor } from '../../../chaos/runner/wait.ts';

test('only what does not come in time is null; a wait that fails says how', async () => {
  expect(await orNull(waitFor('an answer', 10, () => 'here'))).toBe('here');
  expect(await orNull(waitFor('nobody', 0, () => null, 1))).toBeNull();
  await expect(orNull(waitFor('a look', 10, () => Promise.reject(new Error('gone'))))).rejects.toThrow('gone');
});
