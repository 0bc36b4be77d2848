import { expect, test } from 'vitest';
import { judgeMitigated, judgePasses } from '../../../conformance/checks/syn-limit.ts';
import type { SynSeen } from '../../../conformance/checks/syn-limit.ts';

const seen = (alone: number, beside: number, flood: number, flooded = 300): SynSeen => ({
  rules: '-A INPUT -p tcp --syn -j DROP',
  alone: { who: 'clients alone', tried: 50, opened: alone },
  beside: { who: 'clients beside the flood', tried: 50, opened: beside },
  flood: { who: 'source of the flood', tried: flooded, opened: flood },
});

test('ordinary connections all pass, or the filter is in their way', () => {
  const one = seen(50, 49, 80);
  expect(judgePasses('all', one, one.alone).verdict).toBe('conforms');
  expect(judgePasses('all', one, one.beside)).toMatchObject({ verdict: 'deviates' });
});

test('a flood is held back when most of it is dropped', () => {
  expect(judgeMitigated(seen(50, 50, 80)).verdict).toBe('conforms');
  expect(judgeMitigated(seen(50, 50, 300)).verdict).toBe('deviates');
  expect(judgeMitigated(seen(50, 50, 10, 40)).verdict).toBe('inconclusive');
});
