import { expect, test } from 'vitest';
import { filesIn } from '../../../environments/harness/logs.ts';

test('the files that one command printed', () => {
  expect(filesIn('==> /var/log/a.log <==\none\ntwo\n\n==> /var/log/b.log <==\nthree\n')).toEqual([
    ['/var/log/a.log', 'one\ntwo\n'],
    ['/var/log/b.log', 'three\n'],
  ]);
  expect(filesIn('==> /var/log/empty.log <==\n')).toEqual([['/var/log/empty.log', '']]);
  expect(filesIn('')).toEqual([]);
});
