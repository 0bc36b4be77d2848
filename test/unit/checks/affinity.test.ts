import { describe, expect, test } from 'vitest';
import {
  judgeCookie,
  judgePinned,
  judgePinnedRoutes,
  judgeSpread,
  judgeStable,
  setCookies,
} from '../../../conformance/checks/affinity.ts';
import type { Visit } from '../../../conformance/checks/affinity.ts';

const evidence = { kind: 'log', title: 'none', lines: [] } as const;
const DATE = ['Date', 'Sat, 21 Nov 2026 12:00:00 GMT'] as const;

function visit(field?: string, instance = 'a'): Visit {
  const [cookie] = field === undefined ? [] : setCookies({ headers: [DATE, ['Set-Cookie', field]] });
  return { instance, cookie, evidence };
}

describe('cookies', () => {
  test('Max-Age wins over Expires, attributes are read without case', () => {
    const field = 'srv_id=c1; expires=Sat, 21 Nov 2026 12:10:00 GMT; max-age=1800; PATH=/; HTTPONLY; secure';
    expect(setCookies({ headers: [DATE, ['set-cookie', field]] })).toEqual([
      { name: 'srv_id', value: 'c1', path: '/', httpOnly: true, secure: true, lifetime_s: 1800 },
    ]);
  });

  test('Expires counts from the answer’s own date; without either the cookie ends with the browser', () => {
    expect(visit('srv_id=c1; Expires=Sat, 21 Nov 2026 12:30:00 GMT').cookie?.lifetime_s).toBe(1800);
    expect(visit('srv_id=c1').cookie?.lifetime_s).toBeUndefined();
  });

  const promised = { name: 'srv_id', lifetime_s: 1800, path: '/', httpOnly: true, secure: true };

  test('every promised attribute has to be there', () => {
    expect(judgeCookie(promised, visit('srv_id=c1; Max-Age=1800; Path=/; HttpOnly; Secure')).verdict).toBe('conforms');
    expect(judgeCookie(promised, visit('srv_id=c1; Max-Age=1800; Path=/; HttpOnly')).verdict).toBe('deviates');
    expect(judgeCookie(promised, visit('srv_id=c1; Max-Age=600; Path=/; HttpOnly; Secure')).verdict).toBe('deviates');
    expect(judgeCookie(promised, visit()).verdict).toBe('deviates');
  });

  test('what is not promised may be anything', () => {
    expect(judgeCookie({ name: 'srv_id', lifetime_s: 1800 }, visit('srv_id=c1; Max-Age=1800')).verdict).toBe(
      'conforms',
    );
  });

  test('the holder stays while others are spread', () => {
    const holder = { name: 'srv_id', visit: visit('srv_id=c1'), kept: ['a', 'a'], others: ['a', 'b'] };
    expect(judgePinned(holder).verdict).toBe('conforms');
    expect(judgePinned({ ...holder, kept: ['a', 'b'] }).verdict).toBe('deviates');
    expect(judgePinned({ ...holder, others: ['a', 'a'] }).verdict).toBe('deviates');
    expect(judgePinned({ ...holder, visit: visit() }).verdict).toBe('deviates');
  });
});

describe('addresses', () => {
  const route = (name: string, ...instances: string[][]) => ({
    route: name,
    clients: instances.map((list, index) => ({ address: `198.18.32.${String(index)}`, instances: list })),
  });

  test('one route that keeps each address is enough for a stable hash', () => {
    const [loose, stable] = [route('/api', ['a', 'b']), route('/ws', ['a', 'a'], ['b', 'b'])];
    expect(judgeStable([loose, stable]).verdict).toBe('conforms');
    expect(judgeStable([loose]).verdict).toBe('deviates');
  });

  test('each named route has to keep its addresses, and to have an instance at all', () => {
    expect(judgePinnedRoutes([route('/ws', ['a', 'a']), route('/socket.io/', ['b', 'b'])]).verdict).toBe('conforms');
    expect(
      judgePinnedRoutes([route('/ws', ['a', 'a']), route('/socket.io/', ['none (404)', 'none (404)'])]).verdict,
    ).toBe('deviates');
  });

  test('every series has to meet enough instances', () => {
    const series = (...names: string[]) => ({ ...route('/ws', ...names.map((name) => [name])), where: 'of one /24' });
    expect(judgeSpread(2, [series('a', 'b')]).verdict).toBe('conforms');
    expect(judgeSpread(2, [series('a', 'b'), series('a', 'a')]).verdict).toBe('deviates');
    expect(judgeSpread(2, [series('a', 'none (404)')]).verdict).toBe('deviates');
  });
});
