import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseServicesEnv, servicesEnv } from '../../../environments/harness/services-env.ts';

test('settings of services are names and values; comments and empty lines are none', () => {
  expect(parseServicesEnv('# why\n\nA_B=1\nPATH_X=/a=b \n')).toEqual({ A_B: '1', PATH_X: '/a=b' });
});

test('a line that is no setting is told with its number', () => {
  expect(() => parseServicesEnv('A=1\nexport B=2')).toThrow('line 2: export B=2');
});

test('a variant without the file sets nothing, ours keep idle connections shorter or longer than the gateway', async () => {
  const variants = join(import.meta.dirname, '../../../environments/production-gateway');
  expect(await servicesEnv(join(variants, 'none'))).toEqual({});
  expect((await servicesEnv(join(variants, 'documented')))['KEEP_ALIVE_TIMEOUT_MS']).toBe('5000');
  expect((await servicesEnv(join(variants, 'hardened')))['KEEP_ALIVE_TIMEOUT_MS']).toBe('75000');
});
