import { expect, test } from 'vitest';
import { hashed, judgeHashed, judgeSpare } from '../../../conformance/checks/affinity-pool.ts';

test('the backup alone serves when all others are gone', () => {
  expect(judgeSpare('/ws', ['spare'], ['spare', 'spare'], []).verdict).toBe('conforms');
  expect(judgeSpare('/ws', ['spare'], ['none (503)'], []).verdict).toBe('deviates');
  expect(judgeSpare('/ws', ['spare'], [], []).verdict).toBe('deviates');
});

test('the directive takes the place of the method, and nginx decides', () => {
  const text = hashed('upstream pool {\n least_conn;\n server a:1 backup;\n}');
  expect(text).toContain('ip_hash;');
  expect(judgeHashed(text, { accepted: true, said: 'accepted' }).verdict).toBe('conforms');
  expect(
    judgeHashed(text, { accepted: false, said: 'balancing method does not support parameter "backup"' }).verdict,
  ).toBe('deviates');
  expect(judgeHashed('upstream pool {}', { accepted: true, said: 'accepted' }).verdict).toBe('deviates');
});
