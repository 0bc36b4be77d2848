import { describe, expect, test } from 'vitest';
import {
  greetedBy,
  judgePlain,
  judgeReconnects,
  judgeSession,
  judgeSilence,
} from '../../../conformance/checks/websocket.ts';

const echo = (sent_ms: number, intact: boolean) => ({
  sent_ms,
  received_ms: intact ? sent_ms + 1 : null,
  bytes: 5,
  intact,
});
const open = { status: 101, closed_ms: null, closeCode: null, closeAnswer: 1000 };
const arrival = {
  headers: [
    ['Connection', 'upgrade'],
    ['Upgrade', 'websocket'],
  ] as const,
  upgrade: true,
  httpVersion: '1.1',
};

describe('a session', () => {
  test('carries every message and is seen as an upgrade', () => {
    expect(judgeSession(101, { seen: { ...open, echoes: [echo(1, true)] }, arrival }).verdict).toBe('conforms');
  });

  test('breaks with a damaged message, a refusal, a close or without an upgrade at the backend', () => {
    expect(judgeSession(101, { seen: { ...open, echoes: [echo(1, true), echo(2, false)] }, arrival }).verdict).toBe(
      'deviates',
    );
    expect(judgeSession(101, { seen: { ...open, status: 426, echoes: [] }, arrival: undefined }).verdict).toBe(
      'deviates',
    );
    expect(judgeSession(101, { seen: { ...open, closed_ms: 9, echoes: [echo(1, true)] }, arrival }).verdict).toBe(
      'deviates',
    );
    expect(
      judgeSession(101, { seen: { ...open, echoes: [echo(1, true)] }, arrival: { ...arrival, upgrade: false } })
        .verdict,
    ).toBe('deviates');
  });

  test('asks the backend over HTTP/1.1 with both headers, and ends with the answer to its close', () => {
    const seen = { ...open, echoes: [echo(1, true)] };
    expect(judgeSession(101, { seen, arrival: { ...arrival, httpVersion: '1.0' } }).observed).toContain('HTTP/1.0');
    expect(judgeSession(101, { seen, arrival: { ...arrival, headers: [['Upgrade', 'websocket']] } }).observed).toBe(
      'the backend received Connection: ',
    );
    expect(judgeSession(101, { seen: { ...seen, closeAnswer: 1006 }, arrival }).observed).toContain('1006');
  });
});

describe('silence', () => {
  const silence = { idle_s: 3600, factor: 600, silent_s: 5.6 };

  test('the message after it comes back', () => {
    expect(judgeSilence({ ...silence, seen: { ...open, echoes: [echo(0, true), echo(5600, true)] } }).verdict).toBe(
      'conforms',
    );
  });

  test('a session that is closed meanwhile does not keep the promise', () => {
    const seen = { ...open, echoes: [echo(0, true)], closed_ms: 3000, closeCode: 1006 };
    expect(judgeSilence({ ...silence, seen }).verdict).toBe('deviates');
    expect(judgeSilence({ ...silence, seen: { ...open, status: 404, echoes: [] } }).verdict).toBe('deviates');
  });

  test('one that was silent for too long says nothing', () => {
    const seen = { ...open, echoes: [echo(0, true), echo(6500, false)], closed_ms: 6100, closeCode: 1006 };
    expect(judgeSilence({ ...silence, seen }).verdict).toBe('inconclusive');
  });
});

test('reconnects are counted by distinct instances, and need one at all', () => {
  expect(judgeReconnects({ reconnects: 2, distinct: 1 }, ['a', 'a', 'a']).verdict).toBe('conforms');
  expect(judgeReconnects({ reconnects: 2, distinct: 1 }, ['a', 'b', 'a']).verdict).toBe('deviates');
  expect(judgeReconnects({ reconnects: 1, distinct: 1 }, ['none (404)', 'none (404)']).verdict).toBe('deviates');
});

test('the greeting names the instance', () => {
  expect(greetedBy({ status: 101, hello: '{"instance":"customer-2","pid":1}' })).toBe('customer-2');
  expect(greetedBy({ status: 404 })).toBe('none (404)');
});

test('a plain request may keep its connection alive, and nothing else', () => {
  expect(judgePlain({ headers: [['Host', 'x']] }).holds).toBe(true);
  expect(judgePlain({ headers: [['Connection', 'keep-alive']] }).holds).toBe(true);
  expect(judgePlain({ headers: [['Connection', 'upgrade']] }).holds).toBe(false);
  expect(judgePlain({ headers: [['Upgrade', 'websocket']] }).holds).toBe(false);
  expect(judgePlain(undefined).holds).toBe(false);
});
