import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addressPlan } from '../../../environments/harness/addresses.ts';
import { environment, VIRTUAL_ADDRESS } from '../../../environments/harness/environment.ts';
import { keepalivedFiles, virtualAddress } from '../../../environments/harness/redundancy.ts';
import declared from '../../../environments/production-gateway/environment.ts';

const DIR = join(import.meta.dirname, '../../../environments/production-gateway');

test('a virtual address needs a document that names one, and an image that can hold it', () => {
  const plan = addressPlan(1);
  const none = environment({ ...declared, documentedAddresses: { '10.0.1.101': 'gateway-1' } });
  expect(Object.values(declared.documentedAddresses)).toContain(VIRTUAL_ADDRESS);
  expect(virtualAddress(declared, plan, {})).toBe(plan.edgeHost(0, 100));
  expect(virtualAddress(none, plan, {})).toBeUndefined();
  expect(virtualAddress(declared, plan, { 'start-node': 'no start-node' })).toBeUndefined();
});

test.each(['documented', 'hardened'])(
  '%s: each node gets its own configuration with the addresses of the run',
  async (variant) => {
    const files = await keepalivedFiles(join(DIR, variant), 'gateway-2', declared, addressPlan(0));
    const text = String(files.find(({ path }) => path === '/etc/keepalived/keepalived.conf')?.content);
    expect(text).toContain('198.18.0.100/17');
    expect(text).toMatch(/unicast_src_ip 198\.18\.0\.102\n\s+unicast_peer \{\n\s+198\.18\.0\.101\n/);
    expect(text).not.toContain('10.0.1.');
    const programs = files.filter(({ path }) => path.startsWith('/usr/local/bin/'));
    expect(programs.every(({ mode }) => mode === 0o755)).toBe(true);
    for (const [, program] of text.matchAll(/"(\S+)"/g)) expect(programs.map(({ path }) => path)).toContain(program);
  },
);

test('a node without a configuration is an error that names the file', async () => {
  await expect(keepalivedFiles(join(DIR, 'hardened'), 'gateway-3', declared, addressPlan(0))).rejects.toThrow(
    'gateway-3/keepalived.conf',
  );
});
