import { expect, test } from 'vitest';
import { natRules } from '../../../scenarios/engines/source-addresses.ts';

/** Which source each of so many connections gets, by the rules' own counters. */
function sources(rules: string, connections: number): string[] {
  const lines = rules.split('\n').filter((line) => line.startsWith('-A '));
  const seen = new Map<string, number>();
  const walk = (chain: string): string => {
    for (const line of lines.filter((one) => one.startsWith(`-A ${chain} `))) {
      const every = Number(/--every (\d+)/.exec(line)?.[1]);
      const count = seen.get(line) ?? 0;
      seen.set(line, count + 1);
      if (count % every !== 0) continue;
      const target = /-j (\S+)/.exec(line)?.[1] ?? '';
      return target === 'SNAT' ? (/--to-source (\S+)/.exec(line)?.[1] ?? '') : walk(target);
    }
    throw new Error(`no rule of ${chain} took the connection`);
  };
  return Array.from({ length: connections }, () => walk('GATEPROOF'));
}

test('every connection gets an address of its own, and the next round the same in the same order', () => {
  const rules = natRules(90, '198.18.64.0/18', '198.18.0.101');
  const given = sources(rules, 180);
  expect(new Set(given.slice(0, 90)).size).toBe(90);
  expect(given.slice(90)).toEqual(given.slice(0, 90));
});

test('a block that is too small is refused', () => {
  expect(() => natRules(90, '198.18.64.0/26', '198.18.0.101')).toThrow(RangeError);
});
