import { expect, test } from 'vitest';
import { commandLine, unless } from '../../../cli/run/reproduce.ts';

test('a line to repeat a measurement names what was chosen and leaves out what goes without saying', () => {
  const line = commandLine(['load', 'production-gateway', 'api-latency'], {
    variant: 'hardened',
    profile: unless('smoke', 'nightly'),
    generators: unless(1, 1),
    control: undefined,
  });
  expect(line).toBe('./gateproof load production-gateway api-latency --variant hardened --profile nightly');
});
