import { constants, createServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { h2RequestHeaders } from '../../../conformance/clients/h2-exchange.ts';
import { bodyText, headersNamed } from '../../../conformance/clients/observe.ts';
import { runHttp, runOneHttp } from './run.ts';
import { http2Server, httpsServer, httpStep } from './servers.ts';

const h2 = { protocol: 'h2' } as const;

test('a request and its answer', async () => {
  await using server = await http2Server();
  server.server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.additionalHeaders({ ':status': 103 });
    stream.respond(
      { ':status': 200, 'set-cookie': ['a=1', 'b=2'], 'x-path': headers[':path'] },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '6' }));
    stream.end('hello');
  });
  const seen = await runOneHttp(httpStep(server.target, { path: '/a//../b' }, h2));
  expect(seen).toMatchObject({
    status: 200,
    httpVersion: '2',
    interim: [103],
    trailers: [['x-sum', '6']],
    bodyBytes: 5,
  });
  expect(seen.error).toBeUndefined();
  expect(seen.tls?.alpn).toBe('h2');
  expect(headersNamed(seen, 'set-cookie')).toEqual(['a=1', 'b=2']);
  expect(headersNamed(seen, 'x-path')).toEqual(['/a//../b']);
  expect(bodyText(seen)).toBe('hello');
  expect(seen.sent_ms).toBeLessThanOrEqual(seen.firstByte_ms ?? 0);
});

test('fields go out in order, Host as the authority', async () => {
  await using server = await http2Server();
  server.server.on('stream', (stream: ServerHttp2Stream, _headers, _flags, raw?: string[]) => {
    stream.respond({ ':status': 200 });
    stream.end(JSON.stringify(raw));
  });
  const headers = [
    ['X-B', '1'],
    ['Host', 'api.unit.test'],
    ['x-a', '2'],
    ['X-B', '3'],
  ] as const;
  const step = httpStep(server.target, { headers }, h2);
  const seen = await runOneHttp(step);
  expect(JSON.parse(bodyText(seen))).toEqual(h2RequestHeaders(step));
  expect(h2RequestHeaders(step)).toContain('api.unit.test');
});

test('steps of one connection are concurrent streams', async () => {
  await using server = await http2Server();
  const sessions = new Set<unknown>();
  server.server.on('stream', (stream: ServerHttp2Stream, headers) => {
    sessions.add(stream.session);
    // The first is answered last: one after the other, the second would never be reached.
    const answer = (): void => {
      stream.respond({ ':status': 200 });
      stream.end(headers[':path']);
    };
    if (headers[':path'] === '/0') setTimeout(answer, 300);
    else answer();
  });
  const steps = [0, 1, 2].map((n) =>
    httpStep(server.target, { path: `/${n}` }, { ...h2, id: `s${n}`, connection: 'c', preconnect: true }),
  );
  const seen = await runHttp(...steps);
  expect(seen.map(bodyText)).toEqual(['/0', '/1', '/2']);
  expect(sessions.size).toBe(1);
  expect(seen[1]?.done_ms).toBeLessThan(seen[0]?.done_ms ?? 0);
});

test('an upload of several windows arrives whole', async () => {
  await using server = await http2Server();
  server.server.on('stream', (stream: ServerHttp2Stream) => {
    let bytes = 0;
    stream.on('data', (piece: Buffer) => (bytes += piece.length));
    stream.on('end', () => {
      stream.respond({ ':status': 200 });
      stream.end(String(bytes));
    });
  });
  expect(bodyText(await runOneHttp(httpStep(server.target, { method: 'POST', body: { bytes: 1_000_000 } }, h2)))).toBe(
    '1000000',
  );
});

test('an early 413 is recorded', async () => {
  await using server = await http2Server();
  server.server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 413 });
    stream.end('big', () => stream.close(constants.NGHTTP2_NO_ERROR));
  });
  const seen = await runOneHttp(httpStep(server.target, { method: 'POST', body: { bytes: 20_000_000 } }, h2));
  expect(seen).toMatchObject({ status: 413, bodyBytes: 3 });
  expect(seen.error).toBeUndefined();
});

describe('what goes wrong', () => {
  test('a refused stream', async () => {
    await using server = await http2Server();
    server.server.on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    });
    expect(await runOneHttp(httpStep(server.target, {}, h2))).toMatchObject({
      status: null,
      error: { code: 'H2_REFUSED_STREAM' },
    });
  });

  test('GOAWAY is noted on the answer before it and stops those behind', async () => {
    await using server = await http2Server();
    server.server.on('stream', (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200 });
      stream.end('last', () => stream.session?.goaway(constants.NGHTTP2_NO_ERROR));
    });
    const seen = await runHttp(
      httpStep(server.target, {}, { ...h2, id: 'one', connection: 'c' }),
      httpStep(server.target, {}, { ...h2, id: 'two', connection: 'c', at_ms: 300 }),
    );
    expect(seen[0]).toMatchObject({ status: 200, closedByPeer: true });
    expect(seen[1]).toMatchObject({ status: null, sent_ms: null, error: { code: 'H2_NO_ERROR' } });
  });

  test('a peer that does not speak it', async () => {
    await using server = await httpsServer(() => undefined, { ALPNProtocols: ['http/1.1'] });
    const step = httpStep({ ...server.target, tls: { alpn: ['h2', 'http/1.1'] } }, {}, h2);
    expect((await runOneHttp(step)).error).toEqual({
      code: 'H2_NOT_NEGOTIATED',
      message: 'ALPN ended with http/1.1, not h2',
    });
  });

  test('silence', async () => {
    await using server = await http2Server();
    server.server.on('stream', (stream: ServerHttp2Stream) => stream.on('error', () => undefined));
    expect((await runOneHttp(httpStep(server.target, {}, { ...h2, timeout_ms: 120 }))).error?.code).toBe('TIMEOUT');
  });

  test('a field that HTTP/2 forbids', async () => {
    await using server = await http2Server();
    const seen = await runOneHttp(httpStep(server.target, { headers: [['Connection', 'close']] }, h2));
    expect(seen).toMatchObject({ status: null, error: { code: 'ERR_HTTP2_INVALID_CONNECTION_HEADERS' } });
  });
});

test('without TLS it is spoken by prior knowledge', async () => {
  const server = createServer((_request, response) => response.end('clear'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const seen = await runOneHttp(httpStep({ address: '127.0.0.1', port }, {}, h2));
    expect(seen).toMatchObject({ status: 200, httpVersion: '2' });
    expect(seen).not.toHaveProperty('tls');
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
