import { describe, expect, test } from 'vitest';
import { judgeAdverts, parseAdvert } from '../../../conformance/checks/vrrp-adverts.ts';
import { activeAndStandby, judgeTraffic } from '../../../conformance/checks/vrrp.ts';
import type { SharedTraffic } from '../../../conformance/checks/vrrp.ts';
import type { CaseContext } from '../../../conformance/context.ts';

const IP = '45c00028000100 00ff700000 c6120065 c6120066';
const packet = (vrrp: string): string => (IP + vrrp).replaceAll(' ', '');
const V2 = packet('21 33 64 01 01 01 abcd c6120064 5333637265740000');
const V3 = packet('31 33 5a 01 001e abcd c6120064');

test('without a virtual address nothing is said about it', async () => {
  const context = { session: { topology: { services: [] } } } as unknown as CaseContext;
  expect((await activeAndStandby(context, 2)).verdict).toBe('not-applicable');
});

describe('adverts', () => {
  test('of both versions are read, their password is not', () => {
    const common = { from: '198.18.0.101', to: '198.18.0.102', router: 51 };
    expect(parseAdvert(V2)).toEqual({
      ...common,
      version: 2,
      priority: 100,
      interval_s: 1,
      authentication: 'simple text',
    });
    expect(parseAdvert(V3)).toEqual({ ...common, version: 3, priority: 90, interval_s: 0.3, authentication: 'none' });
    expect(() => parseAdvert('45')).toThrow(RangeError);
  });

  test('are judged by version; none says nothing', () => {
    const at = (hex: string) => ({ at: 'gateway-2', ...parseAdvert(hex) });
    expect(judgeAdverts(3, [at(V3)]).verdict).toBe('conforms');
    expect(judgeAdverts(3, [at(V3), at(V2)]).verdict).toBe('deviates');
    expect(judgeAdverts(3, []).verdict).toBe('inconclusive');
  });
});

describe('traffic of the virtual address', () => {
  const calm: SharedTraffic = {
    gateways: ['gateway-1', 'gateway-2'],
    holders: [['gateway-1'], ['gateway-1']],
    sent: 100,
    answered: 100,
    served: { 'gateway-1': 100, 'gateway-2': 0 },
  };

  test.each<[string, Partial<SharedTraffic>, string]>([
    ['all at the holder', {}, 'conforms'],
    ['shared by both', { served: { 'gateway-1': 50, 'gateway-2': 50 } }, 'deviates'],
    ['at the standby', { served: { 'gateway-1': 0, 'gateway-2': 100 } }, 'deviates'],
    ['one gateway alone', { gateways: ['gateway-1'] }, 'deviates'],
    ['two holders', { holders: [calm.gateways, calm.gateways] }, 'deviates'],
    ['moved meanwhile', { holders: [['gateway-1'], ['gateway-2']] }, 'inconclusive'],
    ['some unanswered', { answered: 99, served: { 'gateway-1': 99 } }, 'inconclusive'],
  ])('%s', (_, change, verdict) => {
    expect(judgeTraffic(2, { ...calm, ...change }).verdict).toBe(verdict);
  });
});
