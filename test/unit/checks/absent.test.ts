import { expect, test } from 'vitest';
import { absent } from '../../../conformance/checks/absent.ts';
import type { CaseContext } from '../../../conformance/context.ts';

/** A context whose topology has these services. */
function topologyOf(names: readonly string[]): CaseContext {
  const services = names.map((name) => ({ name, role: name.startsWith('gateway') ? 'gateway' : 'redis' }));
  return { session: { topology: { services } } } as unknown as CaseContext;
}

test('a promise about a component that is not there is not applicable, and names the component', () => {
  const outcome = absent(topologyOf(['gateway-1', 'redis-1']), ['Loki', 'Promtail']);
  expect(outcome.verdict).toBe('not-applicable');
  expect(outcome.reason).toContain('Loki, Promtail');
});

test('a component that is there must be measured, not excused', () => {
  expect(() => absent(topologyOf(['gateway-1', 'loki-1']), ['Loki'])).toThrow('Loki');
});
