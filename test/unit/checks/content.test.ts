import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  answersTable,
  cacheable,
  judgeLockTime,
  sameDirectives,
  serialOf,
  stored,
} from '../../../conformance/checks/cache.ts';
import { codingFaults, decoded, judgeSetting } from '../../../conformance/checks/compression.ts';
import type { CodingRow } from '../../../conformance/checks/compression.ts';
import { answer } from './observations.ts';

describe('stored answers', () => {
  const made = (serial: number, instance = 'customer-1') =>
    answer(200, [], JSON.stringify({ serial, instance, time: 'now' }));

  test('have the serial number of an earlier one', () => {
    expect(stored(made(1), made(1))).toBe(true);
    expect(stored(made(1), made(2))).toBe(false);
    expect(stored(made(1), made(1, 'customer-2'))).toBe(false);
  });

  test('are no errors, even when these look alike', () => {
    expect(stored(answer(502), answer(502))).toBe(false);
    expect(serialOf(answer(502))).toBe('status 502');
  });

  test('are told by path and table', () => {
    expect(cacheable('m-1', 'max-age=30')).toBe('/api/v1/cache/m-1?cc=max-age%3D30');
    expect(cacheable('m-1')).toBe('/api/v1/cache/m-1');
    expect(answersTable('twice', ['first', 'again'], [made(1), made(1)])).toMatchObject({
      rows: [expect.arrayContaining(['first', 200]) as unknown, expect.arrayContaining(['again', 'absent']) as unknown],
    });
  });
});

test('parallel requests wait as long as is configured, or as nginx does by itself', () => {
  expect(judgeLockTime(5, 'proxy_cache_lock on;').verdict).toBe('conforms');
  expect(judgeLockTime(5, 'location / { proxy_cache_lock_timeout 5s; }').verdict).toBe('conforms');
  expect(judgeLockTime(5, 'proxy_cache_lock_timeout 5s; location / { proxy_cache_lock_timeout 2s; }').verdict).toBe(
    'deviates',
  );
});

test('directives of a cache may repeat, but neither lack nor contradict', () => {
  const wanted = ['max-age=9', 'public'];
  expect(sameDirectives(['max-age=9', 'public', 'max-age=9'], wanted)).toBe(true);
  expect(sameDirectives(['max-age=9'], wanted)).toBe(false);
  expect(sameDirectives(['max-age=9', 'public', 'no-store'], wanted)).toBe(false);
  expect(sameDirectives(['max-age=9', 'public', 'max-age=8'], wanted)).toBe(false);
});

test('a setting is compared wherever it stands', () => {
  expect(judgeSetting('gzip_types a/b c/d;', 'gzip_types', ['c/d', 'a/b']).verdict).toBe('conforms');
  expect(judgeSetting('gzip_types a/b;\nlocation / { gzip_types c/d; }', 'gzip_types', ['a/b']).verdict).toBe(
    'deviates',
  );
  expect(judgeSetting('', 'gzip_types', ['a/b']).verdict).toBe('deviates');
});

describe('content coding', () => {
  const row: CodingRow = { name: 'JSON', request: { path: '/x' }, coding: 'gzip', vary: true, body: 'hello' };
  const compressed = (body: Buffer, coding: string, vary = true) => ({
    ...answer(200, [['Content-Encoding', coding], ...(vary ? [['Vary', 'Accept-Encoding'] as const] : [])]),
    body_base64: body.toString('base64'),
  });

  test('has to be the wanted one, to vary, and to decode to the same body', () => {
    expect(codingFaults(row, compressed(gzipSync('hello'), 'gzip'))).toEqual([]);
    expect(codingFaults(row, compressed(brotliCompressSync('hello'), 'br'))).toEqual(['coding br']);
    expect(codingFaults(row, compressed(gzipSync('hello'), 'gzip', false))).toEqual(['no Vary: Accept-Encoding']);
    expect(codingFaults(row, compressed(gzipSync('other'), 'gzip'))).toEqual(['another body after decoding']);
    expect(codingFaults(row, answer(503))).toEqual(['status 503']);
  });

  test('may be wanted to be none', () => {
    const plain: CodingRow = { name: 'PNG', request: { path: '/x' }, coding: undefined };
    expect(codingFaults(plain, answer(200))).toEqual([]);
    expect(codingFaults(plain, compressed(gzipSync('hello'), 'gzip'))).toEqual(['coding gzip']);
  });

  test('twice is a fault', () => {
    const twice = answer(200, [
      ['Content-Encoding', 'gzip'],
      ['Content-Encoding', 'gzip'],
      ['Vary', 'Accept-Encoding'],
    ]);
    expect(codingFaults({ ...row, body: 'x' }, twice)).toContain('coding gzip,gzip');
  });

  test('is undone for gzip and brotli; what is broken has no body', () => {
    expect(decoded(compressed(brotliCompressSync('hello'), 'br'))?.toString()).toBe('hello');
    expect(decoded(compressed(Buffer.from('no gzip'), 'gzip'))).toBeUndefined();
    expect(decoded(compressed(Buffer.from('x'), 'zstd'))).toBeUndefined();
  });
});
