import { expect, test } from 'vitest';
import {
  hashed,
  hashedWithoutBackup,
  judgeHashed,
  judgeSpare,
  ofOneNetwork,
} from '../../../conformance/checks/affinity-pool.ts';

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

test('the documented pool has its directive and no backup', () => {
  const text =
    'upstream customer_backend {\n    least_conn;\n    server a:1;\n    server b:1 backup;\n}\nupstream other {\n    least_conn;\n}\n';
  expect(hashedWithoutBackup('x.conf', text)).toBe(
    'upstream customer_backend {\n    ip_hash;\n    server a:1;\n}\nupstream other {\n    least_conn;\n}\n',
  );
});

test('clients of one /24 are those of the network that has most of them', () => {
  const at = (address: string) => ({ address, network: 'edge', block: 'clients' as const });
  expect(ofOneNetwork([at('1.2.3.9'), at('1.2.4.1'), at('1.2.4.2')]).map(({ address }) => address)).toEqual([
    '1.2.4.1',
    '1.2.4.2',
  ]);
});
