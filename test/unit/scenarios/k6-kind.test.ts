import { expect, test } from 'vitest';
import { kindOf } from '../../../scenarios/k6/kind.ts';

const answer = (status: number, headers: Record<string, string> = {}): string =>
  kindOf({ status, error_code: status < 400 ? 0 : 1000 + status, headers });

test('answers are told apart by cache state, of which there are few', () => {
  for (const state of ['HIT', 'MISS', 'BYPASS', 'EXPIRED', 'STALE', 'UPDATING', 'REVALIDATED'])
    expect(answer(200, { 'X-Cache-Status': state })).toBe(state.toLowerCase());
  expect(answer(200)).toBe('upstream');
  expect(answer(200, { 'X-Cache-Status': 'HIT from edge 7' })).toBe('other');
});

test('refusals and errors are told apart by status, whatever the cache says', () => {
  expect(answer(429, { 'X-Cache-Status': 'MISS' })).toBe('limited');
  expect(answer(503, { 'X-Cache-Status': 'STALE' })).toBe('status 503');
  expect(answer(404)).toBe('status 404');
});

test.each([
  [1000, 'no answer'],
  [1050, 'time-out'],
  [1101, 'DNS error'],
  [1201, 'connection reset'],
  [1210, 'TCP error'],
  [1211, 'time-out'],
  [1212, 'connection refused'],
  [1220, 'connection reset'],
  [1310, 'TLS error'],
  [1610, 'HTTP/2 error'],
  [0, 'no answer'],
])('without an answer, k6 error %i is "%s"', (error_code, kind) => {
  expect(kindOf({ status: 0, error_code, headers: {} })).toBe(kind);
});
