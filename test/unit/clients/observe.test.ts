import { describe, expect, test } from 'vitest';
import { maskHeaders, maskText } from '../../../conformance/clients/mask.ts';
import { emptyHttp, emptyRaw, emptyWebSocket } from '../../../conformance/clients/observations.ts';
import {
  asExchange,
  bodyJson,
  BodyNotJsonError,
  firstByteLatency_ms,
  latency_ms,
} from '../../../conformance/clients/observe.ts';
import type { HttpObservation, HttpStep } from '../../../conformance/clients/protocol.ts';
import { httpStep, rawStep, webSocketStep } from './servers.ts';

const target = { address: '198.18.0.10', port: 443, tls: { serverName: 'api.unit.test' } };
const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';

function answered(step: HttpStep, body: string | Buffer, rest: Partial<HttpObservation> = {}): HttpObservation {
  const bytes = Buffer.from(body);
  return {
    ...emptyHttp(step, { done_ms: 30 }),
    status: 200,
    statusText: 'OK',
    httpVersion: '1.1',
    body_base64: bytes.toString('base64'),
    bodyBytes: bytes.length,
    ...rest,
  };
}

function exchange(step: Parameters<typeof asExchange>[0], observation: Parameters<typeof asExchange>[1]) {
  const evidence = asExchange(step, observation);
  if (evidence.kind !== 'exchange') throw new Error(evidence.kind);
  return evidence;
}

describe('JSON bodies', () => {
  test('are parsed', () => {
    expect(bodyJson(answered(httpStep(target), '{"a":[1]}'))).toEqual({ a: [1] });
  });

  test('that are none are told with an excerpt, secrets masked', () => {
    const call = (): unknown => bodyJson(answered(httpStep(target), `<html>Bearer ${TOKEN}`, { status: 502 }));
    expect(call).toThrow(BodyNotJsonError);
    expect(call).toThrow('status 502');
    expect(call).not.toThrow(TOKEN);
  });
});

test('latency counts from the intended start', () => {
  const times = { intended_ms: 10, sent_ms: 25, firstByte_ms: 27, done_ms: 30 };
  const seen = { ...answered(httpStep(target), ''), ...times };
  expect(latency_ms(seen)).toBe(20);
  expect(firstByteLatency_ms(seen)).toBe(17);
  expect(firstByteLatency_ms({ ...seen, firstByte_ms: null })).toBeNull();
});

describe('an HTTP exchange', () => {
  test('shows request and answer', () => {
    const step = httpStep(target, { method: 'POST', path: '/api?x=1', headers: [['X-A', '1']], body: 'hello' });
    const seen = answered(step, '{"error":"rate"}', {
      status: 429,
      statusText: 'Too Many',
      headers: [['Retry-After', '60']],
    });
    expect(exchange(step, seen)).toEqual({
      kind: 'exchange',
      title: 'POST /api?x=1 from 127.0.0.1',
      request: 'POST /api?x=1 HTTP/1.1\nHost: api.unit.test\nX-A: 1\n\nhello',
      response: 'HTTP/1.1 429 Too Many\nRetry-After: 60\n\n{"error":"rate"}',
    });
  });

  test('hides secrets and keeps what a reader judges by', () => {
    const step = httpStep(target, {
      path: `/login?access_token=${TOKEN}`,
      headers: [
        ['Authorization', `Bearer ${TOKEN}`],
        ['Cookie', 'sid=s3cr3tvalue; theme=dark'],
      ],
      body: '{"user":"ada","password":"hunter2"}',
    });
    const seen = answered(step, `{"accessToken":"${TOKEN}","expiresIn":900}`, {
      headers: [['Set-Cookie', 'sid=n3wvalue; Path=/; HttpOnly; SameSite=Lax']],
    });
    const text = JSON.stringify(exchange(step, seen));
    for (const secret of [TOKEN, 's3cr3tvalue', 'hunter2', 'n3wvalue', 'c2lnbmF0dXJl'])
      expect(text).not.toContain(secret);
    for (const kept of ['sid=', 'theme=', 'Bearer ', 'Path=/; HttpOnly; SameSite=Lax', 'expiresIn', 'ada']) {
      expect(text).toContain(kept);
    }
  });

  test('cuts long bodies, also across a token', () => {
    const step = httpStep(target);
    const { response } = exchange(step, answered(step, `${'a'.repeat(560)} ${TOKEN} ${'b'.repeat(500)}`));
    expect(response.length).toBeLessThan(700);
    expect(response).not.toContain('eyJ');
    expect(response.endsWith('…')).toBe(true);
  });

  test('does not print binary bodies', () => {
    const step = httpStep(target);
    expect(exchange(step, answered(step, Buffer.from([0x1f, 0x8b, 8, 0, 1]))).response).toContain('‹5 bytes, binary›');
  });

  test('tells the error', () => {
    const step = httpStep(target, { body: { bytes: 11_000_000 }, chunked: true }, { protocol: 'h2' });
    const { request, response } = exchange(
      step,
      emptyHttp(step, { done_ms: 5 }, { code: 'ECONNRESET', message: 'read' }),
    );
    expect(request).toContain('GET / HTTP/2\n');
    expect(request).toContain('‹11000000 bytes of filler, chunked›');
    expect(response).toBe('‹ECONNRESET: read›');
  });
});

test('a raw exchange shows writes, TLS range and the close', () => {
  const writes = Array.from({ length: 7 }, (_, n) => ({ after_ms: n, utf8: 'G\r\n', repeat: n === 0 ? 3 : 1 }));
  const step = rawStep({ ...target, tls: { maxVersion: 'TLSv1.1' } }, { writes });
  const seen = { ...emptyRaw(step, { done_ms: 90 }), handshake_ms: 2, closed_ms: 60.4, reset: true };
  expect(exchange(step, seen).request).toBe(
    [
      'TLS to 198.18.0.10:443, TLSv1.1',
      'after 0 ms ×3: "G\\r\\n"',
      ...[1, 2, 3, 4].map((n) => `after ${n} ms: "G\\r\\n"`),
      '… and 2 more writes',
    ].join('\n'),
  );
  expect(exchange(step, seen).response).toBe('‹closed by the peer after 60 ms, by reset›');
});

test('a WebSocket exchange shows the upgrade and what became of the messages', () => {
  const step = webSocketStep(target, {
    messages: [
      { after_ms: 0, text: 'hi' },
      { after_ms: 5, binaryBytes: 64 },
    ],
  });
  const echo = { sent_ms: 1, received_ms: 2, bytes: 2, intact: true };
  const seen = { ...emptyWebSocket(step, { done_ms: 9 }), status: 101, echoes: [echo, { ...echo, intact: false }] };
  expect(exchange(step, seen).request).toContain('after 5 ms: ‹64 random bytes›');
  expect(exchange(step, seen).response).toBe('HTTP/1.1 101\n‹1 of 2 echoes intact›\n‹still open at the end›');
});

describe('masks', () => {
  test.each([
    [`see ${TOKEN}!`, 'see ‹masked, 49 characters›!'],
    ['"refresh_token" : "abc"', '"refresh_token" : "‹masked, 3 characters›"'],
    ['/x?api_key=12345&y=1', '/x?api_key=‹masked›&y=1'],
    ['Basic dXNlcjpwYXNz', 'Basic ‹masked›'],
    ['nothing to hide here', 'nothing to hide here'],
  ])('%s', (text, expected) => {
    expect(maskText(text)).toBe(expected);
  });

  test('header names compare without case', () => {
    expect(
      maskHeaders([
        ['AUTHORIZATION', 'secret'],
        ['x-API-key', 'k'],
      ]),
    ).toEqual([
      ['AUTHORIZATION', '‹masked, 6 characters›'],
      ['x-API-key', '‹masked, 1 characters›'],
    ]);
  });
});
