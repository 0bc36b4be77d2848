import { expect, test } from 'vitest';
import { absent } from '../../../conformance/checks/absent.ts';
import { noKeepalived } from '../../../conformance/checks/vrrp.ts';
import type { CaseContext } from '../../../conformance/context.ts';

/** A context whose topology has these services, and whose containers run these processes. */
function topologyOf(names: readonly string[], processes = ''): CaseContext {
  const services = names.map((name) => ({ name, role: name.startsWith('gateway') ? 'gateway' : 'redis' }));
  const exec = () => Promise.resolve({ exitCode: 0, stdout: processes, stderr: '' });
  return { session: { topology: { services } }, exec } as unknown as CaseContext;
}

test('a promise about a component that is not there is not applicable, and names the component', () => {
  const outcome = absent(topologyOf(['gateway-1', 'redis-1']), ['Loki', 'Promtail']);
  expect(outcome.verdict).toBe('not-applicable');
  expect(outcome.reason).toContain('Loki, Promtail');
});

test('a component that is there must be measured, not excused', () => {
  expect(() => absent(topologyOf(['gateway-1', 'loki-1']), ['Loki'])).toThrow('Loki');
});

test('without keepalived nothing is said about the virtual address', async () => {
  const outcome = await noKeepalived(topologyOf(['gateway-1'], '2 nginx\n'), 'fails over');
  expect(outcome).toMatchObject({ verdict: 'not-applicable', expected: 'fails over' });
});

test('with keepalived an excuse is an error', async () => {
  await expect(noKeepalived(topologyOf(['gateway-1'], '1 keepalived\n'), 'fails over')).rejects.toThrow('keepalived');
});
