import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addressPlan, block, SLOTS } from '../../../environments/harness/addresses.ts';

const ROOT = join(import.meta.dirname, '../../..');
const slots = Array.from({ length: SLOTS }, (_, slot) => addressPlan(slot));

/** First and last address of a block, as numbers. */
function range(cidr: string): readonly [number, number] {
  const { size, at } = block(cidr);
  const number = (address: string): number => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return [number(at(0)), number(at(size - 1))];
}

const inside = (inner: string, outer: string): boolean => {
  const [[from, to], [first, last]] = [range(inner), range(outer)];
  return from >= first && to <= last;
};

test('no two networks share an address, and blocks of clients lie in the network of theirs', () => {
  const networks = slots.flatMap((plan) => plan.networks.map(({ cidr }) => range(cidr)));
  const sorted = networks.toSorted(([a], [b]) => a - b);
  for (const [index, [, last]] of sorted.entries()) expect(sorted[index + 1]?.[0] ?? Infinity).toBeGreaterThan(last);
  for (const { blocks, networks: own } of slots)
    for (const { cidr, network } of blocks)
      expect(inside(cidr, own.find(({ name }) => name === network)?.cidr ?? '')).toBe(true);
  expect(() => addressPlan(SLOTS)).toThrow(RangeError);
});

describe('addresses of runs that configurations name', () => {
  const named = globSync('environments/*/{documented,hardened}/**/*.{conf,rules,yml}', { cwd: ROOT })
    .map((file) => ({ file, cidrs: readFileSync(join(ROOT, file), 'utf8').match(/198\.1[89]\.\d+\.\d+\/\d+/g) ?? [] }))
    .filter(({ cidrs }) => cidrs.length > 0);

  test.each(named)('$file: backends or clients, of every slot', ({ cidrs }) => {
    for (const { blocks, networks } of slots) {
      const known = [
        blocks.find(({ name }) => name === 'clients')?.cidr ?? '',
        networks.find(({ name }) => name === 'backend')?.cidr ?? '',
      ];
      expect(cidrs.filter((cidr) => known.some((one) => inside(cidr, one)))).toHaveLength(cidrs.length / SLOTS);
    }
  });
});
