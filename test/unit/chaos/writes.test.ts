import { expect, test } from 'vitest';

import { accountWrites } from '../../../chaos/judgements/writes.ts';

test('each write is kept, lost, acknowledged but lost, or stored though nobody was told', () => {
  const probes = [
    { ok: true, key: 'kept' },
    { ok: true, key: 'gone' },
    { ok: false, key: 'lost' },
    { ok: false, key: 'silent' },
    { ok: true, key: 'twice' },
  ];
  expect(accountWrites(probes, ['kept', 'silent', 'twice', 'twice'])).toEqual({
    kept: ['kept', 'twice'],
    acknowledgedButLost: ['gone'],
    lost: ['lost'],
    storedUnacknowledged: ['silent'],
    duplicated: ['twice'],
  });
});
