import { describe, expect, test } from 'vitest';

import redis from '../../../chaos/experiments/production-gateway/redis-failover.ts';
import { gapOf, SEEN } from '../../../chaos/judgements/redis-failover.ts';
import type { FailoverSeen } from '../../../chaos/judgements/redis-failover.ts';
import { readWrites } from '../../../chaos/operations/redis-upstream.ts';
import { parseSettings } from '../../../chaos/runner/settings.ts';
import { madeTrial } from './trials.ts';

const SETTINGS = { keepalived: {}, nginx: parseSettings('# configuration file /etc/nginx/nginx.conf:\nhttp { }', 'g') };
const TIMES = { injected_ms: 4_000, reverted_ms: 16_000, healed_ms: 18_000, end_ms: 40_000 };
const during = (sent_ms: number): boolean => sent_ms > TIMES.injected_ms && sent_ms < TIMES.reverted_ms;

const FINE: FailoverSeen = {
  masters: 1,
  replicas: 2,
  sentinels: 3,
  quorum: 2,
  clusterNodes: 0,
  stopped: true,
  master: 'redis-ha-3',
  agreed_s: 6.4,
  writes: { failed: 120, again_s: 6.6, lost: 0 },
  before: { limiterKeys: 30, through: null },
  after: { limiterKeys: 31, through: null },
};

/** Judgements on Sentinels, cluster and upstream, in this order. */
function judged(
  seen: Partial<FailoverSeen> | null,
  made: { invalidReason?: string; answer?: (sent_ms: number) => string | null } = {},
) {
  const trial = madeTrial({ ...TIMES, answer: () => 'customer-1', ...made });
  const collected = { [SEEN]: seen === null ? [] : [JSON.stringify({ ...FINE, ...seen })] };
  const [sentinel, cluster, upstream] = redis.judge([{ ...trial, collected }], SETTINGS);
  return { sentinel, cluster, upstream };
}

describe('Sentinels', () => {
  test('that agree on a replica, with clients that write again, conform', () => {
    const { sentinel } = judged({});
    expect(sentinel?.verdict).toBe('conforms');
    expect(sentinel?.observed).toContain('redis-ha-3 master after 6.4 s');
    expect(sentinel?.observed).toContain('writes again after 6.6 s');
  });

  test.each([
    ['nobody was promoted', { master: null, agreed_s: null, after: null }],
    ['the lost host is still the master', { master: 'redis-ha-1' }],
    ['no client writes any more', { writes: { failed: 900, again_s: null, lost: 0 } }],
    ['a Sentinel is missing', { sentinels: 2 }],
    ['another quorum', { quorum: 1 }],
    ['two masters', { masters: 2 }],
  ] satisfies [string, Partial<FailoverSeen>][])('deviate when %s', (_, seen) => {
    expect(judged(seen).sentinel?.verdict).toBe('deviates');
  });

  test('deviate when the gateway fails meanwhile', () => {
    const { sentinel } = judged({}, { answer: (sent_ms) => (during(sent_ms) ? null : 'customer-1') });
    expect(sentinel?.verdict).toBe('deviates');
    expect(sentinel?.reason).toContain('had no master');
  });

  test('conform without a fault: the first host goes on', () => {
    expect(judged({ stopped: false, master: 'redis-ha-1', agreed_s: 0.3 }).sentinel?.verdict).toBe('conforms');
  });
});

describe('cluster mode', () => {
  test('is told from what the hosts say', () => {
    expect(judged({}).cluster?.verdict).toBe('deviates');
    expect(judged({ clusterNodes: 3 }).cluster?.verdict).toBe('conforms');
  });
});

describe('the way to the new master', () => {
  test('conforms when the limiter writes there', () => {
    expect(judged({}).upstream?.verdict).toBe('conforms');
  });

  test('deviates when the limiter writes nothing, or the upstream meets others', () => {
    const nothing = judged({ after: { limiterKeys: 0, through: null } }).upstream;
    expect(nothing).toMatchObject({
      verdict: 'deviates',
      reason: 'the limiter of the gateway wrote nothing to the master',
    });
    const others = judged({ after: { limiterKeys: 5, through: { written: 0, readOnly: 3, unanswered: 3 } } }).upstream;
    expect(others?.verdict).toBe('deviates');
    expect(others?.reason).toContain('the third host is not in it');
    const half = judged({ after: { limiterKeys: 5, through: { written: 3, readOnly: 3, unanswered: 0 } } }).upstream;
    expect(half?.verdict).toBe('deviates');
  });

  test('cannot be told when another host became master, or none', () => {
    expect(judged({ master: 'redis-ha-2' }).upstream?.verdict).toBe('inconclusive');
    expect(judged({ master: null, agreed_s: null, after: null }).upstream?.verdict).toBe('inconclusive');
  });
});

test('a trial that does not count, or saw nothing, tells nothing', () => {
  for (const all of [judged(null), judged(null, { invalidReason: 'the prober was late' })])
    expect(Object.values(all).map((one) => one?.verdict)).toEqual(['inconclusive', 'inconclusive', 'inconclusive']);
});

describe('writes of a client', () => {
  const write = (sent_ms: number, what: string) => ({ sent_ms, done_ms: sent_ms + 2, ok: /^\d+$/.test(what), what });

  test('stop and begin again', () => {
    const writes = [
      write(900, '8'),
      write(1_050, '9'),
      write(1_100, 'closed'),
      write(1_150, 'closed'),
      write(7_000, '10'),
    ];
    expect(gapOf(writes, 1_000)).toEqual({ failed: 2, again_s: 6.002, lost: 0 });
    expect(gapOf([...writes.slice(0, 4), write(7_000, '8')], 1_000).lost).toBe(2);
  });

  test('never stop, or never begin again', () => {
    expect(gapOf([write(900, '8'), write(1_050, '9')], 1_000)).toEqual({ failed: 0, again_s: 0, lost: 0 });
    expect(gapOf([write(900, '8'), write(1_050, 'closed')], 1_000)).toEqual({ failed: 1, again_s: null, lost: 0 });
    expect(gapOf([write(900, '8')], 1_000).again_s).toBeNull();
  });

  test('through the upstream are told by how they ended', () => {
    const printed = "5\nREADONLY You can't write against a read only replica.\n\nnone\nCould not connect to Redis\n6\n";
    expect(readWrites(printed)).toEqual({ written: 2, readOnly: 1, unanswered: 2 });
  });
});
