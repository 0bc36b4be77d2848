import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judgeCounting, parseDead } from '../../../conformance/checks/counter-atomicity.ts';
import type { SeenCounting } from '../../../conformance/checks/counter-atomicity.ts';
import { countingBy, countingScript } from '../../../conformance/checks/counting.ts';

const ADMISSION = join(
  import.meta.dirname,
  '../../../environments/production-gateway/hardened/nginx/lua/admission.lua',
);
const died = (sent: number, ttl_s: number) => ({ sent, of: 2, exitCode: 137, answers: '1', ttl_s });
const seen = (changed: Partial<SeenCounting>): SeenCounting => ({
  title: 'INCR, then EXPIRE',
  byGateway: true,
  clients: 50,
  requests: 1000,
  counted: 1000,
  dead: [died(1, 60), died(2, 60)],
  ...changed,
});

describe('how a variant counts', () => {
  test('the documented commands are sent one by one', () => {
    const counting = countingBy(['INCR', 'EXPIRE']);
    expect(counting.commands('k')).toEqual([
      ['INCR', 'k'],
      ['EXPIRE', 'k', '60'],
    ]);
    expect(counting.counted('1', '11')).toBe(10);
    expect(counting.counted('1', '')).toBeNaN();
    expect(() => countingBy(['GET']).commands('k')).toThrow('GET');
  });

  test("a gateway's script is one command, and its due times tell how many were counted", () => {
    const counting = countingScript(readFileSync(ADMISSION, 'utf8'));
    const [command, ...others] = counting?.commands('k') ?? [];
    expect(others).toEqual([]);
    expect(command?.[0]).toBe('EVAL');
    expect(command?.[1]).toContain("redis.call('SET'");
    expect(counting?.counted('5000:4000', '15000:4100')).toBe(10);
    expect(counting?.counted('5000:4000', '')).toBeNaN();
    expect(countingScript('local M = {}')).toBeUndefined();
  });
});

describe('counting', () => {
  test('conforms when every request is counted and every dead client leaves an end', () => {
    expect(judgeCounting(seen({})).verdict).toBe('conforms');
  });

  test('deviates on a lost update, and on a counter without an end', () => {
    expect(judgeCounting(seen({ counted: 999 }))).toMatchObject({
      verdict: 'deviates',
      reason: 'updates of clients that counted side by side got lost',
    });
    const endless = judgeCounting(seen({ byGateway: false, dead: [died(1, -1), died(2, 60)] }));
    expect(endless.verdict).toBe('deviates');
    expect(endless.reason).toContain('not their sequence');
    expect(endless.observed).toContain('the gateway counts nothing in Redis');
    expect(endless.observed).toContain('dead after 1 of 2: no time to live; dead after 2 of 2: 60 s to live');
  });

  test.each([
    ['nobody died', { dead: [] }],
    ['a client had ended before', { dead: [{ ...died(1, 60), exitCode: 1 }] }],
    ['Redis refused', { dead: [{ ...died(1, 60), answers: 'ERR unknown command' }] }],
    ['there is no counter', { dead: [died(1, -2)] }],
    ['the counter cannot be read', { counted: Number.NaN }],
  ] satisfies [string, Partial<SeenCounting>][])('cannot be told when %s', (_, changed) => {
    expect(judgeCounting(seen(changed)).verdict).toBe('inconclusive');
  });

  test('what the dying client printed is read, and something else is a fault of ours', () => {
    expect(parseDead('137\n1 1 \n60\n')).toEqual({ exitCode: 137, answers: '1 1', ttl_s: 60 });
    expect(() => parseDead('sh: not found\n')).toThrow('ended with');
  });
});
