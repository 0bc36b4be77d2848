import { describe, expect, test } from 'vitest';
import { poolOf } from '../../../conformance/checks/keepalive-race.ts';
import { judgeRace, roundOf } from '../../../conformance/checks/keepalive-race-judgement.ts';
import type { Closing, RaceRound, RaceSeen } from '../../../conformance/checks/keepalive-race-judgement.ts';
import type { Delivered } from '../../../conformance/checks/exchange.ts';
import { answer, arrival } from './observations.ts';

const closing: Closing = { announced: 'timeout=5', least_ms: 6_000, most_ms: 6_002 };

interface Sent {
  readonly at_ms: number;
  readonly done_ms?: number;
  readonly port?: number;
  readonly status?: number;
}

/** A POST with its answer; without a port it arrived nowhere. */
function sent({ at_ms, done_ms = at_ms + 10, port, status = 200 }: Sent): Delivered {
  return {
    probe: {} as Delivered['probe'],
    path: '/api/v1/race',
    seen: { ...answer(status), sent_ms: at_ms, firstByte_ms: done_ms, done_ms },
    arrivals: port === undefined ? [] : [arrival('customer-services', [], { peer: { address: '198.18.64.11', port } })],
    questions: [],
  };
}

const opened = [1, 2, 3].map((port) => sent({ at_ms: 0, port }));
const reused = [3, 1, 2].map((port) => sent({ at_ms: 1_000, done_ms: 1_110, port }));
const work = sent({ at_ms: 7_050, done_ms: 7_400, port: 1 });
const seen = { closing, answer_ms: 100, opened, reused, after: sent({ at_ms: 9_000, port: 9 }), work, errorLog: [] };

describe('a round', () => {
  test('counts POSTs that were sent while connections were due and the backend at work', () => {
    const raced = [7_060, 7_100, 7_500].map((at_ms) => sent({ at_ms, status: 502 }));
    const round = roundOf({ ...seen, raced });
    expect(round).toMatchObject({ pooled: 3, posts: 3, races: 2, busy_ms: 350, failed: ['502', '502', '502'] });
    expect(round.disturbed).toEqual([]);
  });

  test('has no races with connections that are due when the work is over, or before it', () => {
    const raced = [sent({ at_ms: 7_060, port: 1 })];
    expect(roundOf({ ...seen, raced, work: sent({ at_ms: 7_050, done_ms: 7_110 }) }).races).toBe(0);
    expect(roundOf({ ...seen, raced, work: sent({ at_ms: 7_101, done_ms: 7_400 }) }).races).toBe(0);
    expect(roundOf({ ...seen, raced, work: undefined }).races).toBe(0);
  });

  test('tells POSTs over the idle connections from those over new ones', () => {
    const raced = [sent({ at_ms: 7_100, port: 2 }), sent({ at_ms: 7_100, port: 11 }), sent({ at_ms: 7_100, port: 12 })];
    expect(roundOf({ ...seen, raced })).toMatchObject({ arrivedPooled: 1, arrivedElse: 2, failed: [] });
  });

  test('does not take a new connection for one that was used again', () => {
    expect(roundOf({ ...seen, reused: [sent({ at_ms: 1_000, port: 7 })], raced: [] }).pooled).toBe(0);
  });

  test('notes what failed outside the instant of closing', () => {
    const after = sent({ at_ms: 9_000, status: 503 });
    expect(roundOf({ ...seen, after, raced: [] }).disturbed).toEqual(['503']);
  });
});

const fair: RaceRound = {
  busy: true,
  busy_ms: 400,
  pooled: 60,
  posts: 60,
  races: 60,
  arrivedPooled: 0,
  arrivedElse: 60,
  failed: [],
  disturbed: [],
  errorLog: [],
};
const all: RaceSeen = { keep_ms: 5_000, factor: 1, closing, rounds: [fair] };
const verdict = (round: Partial<RaceRound>, rest: Partial<RaceSeen> = {}): string =>
  judgeRace({ ...all, rounds: [{ ...fair, ...round }], ...rest }).verdict;

describe('the promise', () => {
  test('holds when no POST fails in enough races', () => {
    expect(verdict({})).toBe('conforms');
  });

  test('is broken by one POST', () => {
    const outcome = judgeRace({ ...all, rounds: [{ ...fair, failed: ['502'], errorLog: ['reset by peer'] }] });
    expect(outcome.verdict).toBe('deviates');
    expect(outcome.observed).toContain('1 failed: 1 × 502');
    expect(outcome.evidence.at(-1)).toMatchObject({ kind: 'log', lines: ['reset by peer'] });
  });

  test('is broken by a failure in a round without work too', () => {
    expect(verdict({ busy: false, races: 0, failed: ['502'] })).toBe('deviates');
  });

  test('says nothing after too few races', () => {
    expect(verdict({ races: 59 })).toBe('inconclusive');
  });

  test('says nothing when connections were not used again', () => {
    expect(verdict({ pooled: 47, failed: ['502'] })).toBe('inconclusive');
    expect(verdict({ pooled: 47, races: 47 })).toBe('inconclusive');
    // On a busy machine some open a second time; what was lost was lost.
    const busy = { ...fair, pooled: 41, races: 41, failed: ['502'] };
    expect(verdict({}, { rounds: [busy, busy] })).toBe('deviates');
  });

  test('says nothing when other requests failed as well', () => {
    expect(verdict({ disturbed: ['429'], failed: ['502'] })).toBe('inconclusive');
  });

  test('says nothing when the backend was not seen to close', () => {
    expect(verdict({}, { closing: { ...closing, least_ms: null, most_ms: null }, rounds: [] })).toBe('inconclusive');
  });

  test('names divided durations', () => {
    expect(judgeRace({ ...all, factor: 10 }).expected).toContain('divided by 10');
    expect(judgeRace(all).expected).not.toContain('divided');
  });
});

test('the pool gets one server, and its idle time divided', () => {
  const text = `upstream customer_backend {
    least_conn;
    server customer-1:3001 max_fails=2;
    server customer-2:3001;
    keepalive 64;
    keepalive_timeout 60s;
}
upstream admin_backend {
    server admin-1:3000;
}`;
  const edited = poolOf('198.18.64.9', 10)('upstreams/customer.conf', text);
  expect(edited).toContain('server 198.18.64.9:3001 max_fails=2;');
  expect(edited).toContain('keepalive_timeout 6000ms;');
  expect(edited).toContain('server admin-1:3000;');
  expect(edited).not.toContain('customer-2');
});
