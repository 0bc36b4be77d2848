import { expect, test } from 'vitest';
import { judgeStore } from '../../../conformance/checks/limit-store.ts';
import { parseKeys } from '../../../conformance/checks/store-keys.ts';

test('keys with their time to live; one that ended meanwhile is gone', () => {
  expect(parseKeys('7 gateway:api:198.18.32.5\n-1 forever:198.18.32.5\n-2 gone:198.18.32.5\n')).toEqual([
    { key: 'gateway:api:198.18.32.5', left_s: 7 },
    { key: 'forever:198.18.32.5', left_s: undefined },
  ]);
});

test('a limit has its state in Redis when it refuses and Redis knows the client', () => {
  const keys = [{ key: 'gateway:api:198.18.32.5', left_s: 7 }];
  expect(judgeStore({ accepted: 31, refused: 14, keys }).verdict).toBe('conforms');
  expect(judgeStore({ accepted: 31, refused: 14, keys: [] })).toMatchObject({
    verdict: 'deviates',
    reason: 'whoever counts does so without Redis',
  });
  expect(judgeStore({ accepted: 45, refused: 0, keys }).verdict).toBe('deviates');
  expect(judgeStore({ accepted: 45, refused: 0, keys, fault: 'the client could not send' }).verdict).toBe(
    'inconclusive',
  );
});
