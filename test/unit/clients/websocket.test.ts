import { describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { EchoBook } from '../../../conformance/clients/websocket-echo.ts';
import { header } from '../../../conformance/clients/observe.ts';
import { runOneWebSocket } from './run.ts';
import { canned, httpServer, httpsServer, webSocketStep } from './servers.ts';

function echoing(client: WebSocket): void {
  client.send('{"instance":"customer-1"}');
  client.on('message', (data, binary) => client.send(data, { binary }));
}

describe.each([
  ['plain', httpServer],
  ['TLS', httpsServer],
] as const)('%s', (_name, start) => {
  test('messages are echoed, the greeting is kept', async () => {
    await using server = await start((_request, response) => response.end());
    let path: string | undefined;
    const sockets = new WebSocketServer({ server: server.server });
    sockets.on('connection', (client, request) => {
      path = request.url;
      echoing(client);
    });
    const messages = [
      { after_ms: 0, text: 'one' },
      { after_ms: 10, binaryBytes: 100_000 },
      { after_ms: 20, text: 'three' },
    ];
    const seen = await runOneWebSocket(webSocketStep(server.target, { path: '/ws/../a?b=1', messages }));
    expect(path).toBe('/ws/../a?b=1');
    expect(seen).toMatchObject({ status: 101, hello: '{"instance":"customer-1"}', closed_ms: null, closeCode: null });
    expect(seen.error).toBeUndefined();
    expect(seen.echoes).toMatchObject([
      { text: 'one', bytes: 3, intact: true },
      { bytes: 100_000, intact: true },
      { text: 'three', bytes: 5, intact: true },
    ]);
    expect(header(seen, 'upgrade')).toBe('websocket');
  });
});

test('own header lines and subprotocols are sent', async () => {
  await using server = await httpServer((_request, response) => response.end());
  const seen: Record<string, unknown> = {};
  const sockets = new WebSocketServer({ server: server.server });
  sockets.on('connection', (_client, request) => Object.assign(seen, request.headers));
  const headers = [
    ['Host', 'ws.unit.test'],
    ['Authorization', 'Bearer x'],
    ['Sec-WebSocket-Protocol', 'chat, other'],
  ] as const;
  const { status, headers: answered } = await runOneWebSocket(webSocketStep(server.target, { headers }));
  expect(status).toBe(101);
  expect(header({ headers: answered }, 'sec-websocket-protocol')).toBe('chat');
  expect(seen).toMatchObject({ host: 'ws.unit.test', authorization: 'Bearer x' });
});

test('a refusal keeps its status', async () => {
  await using server = await canned('HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n');
  const seen = await runOneWebSocket(webSocketStep(server.target));
  expect(seen).toMatchObject({ status: 429, closed_ms: null });
  expect(header(seen, 'retry-after')).toBe('7');
  expect(seen.error).toBeUndefined();
});

test('the server’s close has its code', async () => {
  await using server = await httpServer((_request, response) => response.end());
  const sockets = new WebSocketServer({ server: server.server });
  sockets.on('connection', (client) => setTimeout(() => client.close(4001, 'enough'), 50));
  const seen = await runOneWebSocket(webSocketStep(server.target, { hold_ms: 1000 }));
  expect(seen).toMatchObject({ status: 101, closeCode: 4001 });
  expect(seen.closed_ms).toBeGreaterThanOrEqual(45);
});

test('a connection cut without a close frame is 1006', async () => {
  await using server = await httpServer((_request, response) => response.end());
  const sockets = new WebSocketServer({ server: server.server });
  sockets.on('connection', (client) => setTimeout(() => client.terminate(), 50));
  expect((await runOneWebSocket(webSocketStep(server.target, { hold_ms: 1000 }))).closeCode).toBe(1006);
});

test('it stays for as long as asked', async () => {
  await using server = await httpServer((_request, response) => response.end());
  new WebSocketServer({ server: server.server }).on('connection', echoing);
  const seen = await runOneWebSocket(
    webSocketStep(server.target, { messages: [{ after_ms: 0, text: 'a' }], hold_ms: 150 }),
  );
  expect(seen.done_ms).toBeGreaterThanOrEqual(150);
  expect(seen).toMatchObject({ closed_ms: null, closeCode: null });
});

test('an echo that never comes is told by the echo', async () => {
  await using server = await httpServer((_request, response) => response.end());
  new WebSocketServer({ server: server.server });
  const messages = [{ after_ms: 0, text: 'anyone?' }];
  const seen = await runOneWebSocket(webSocketStep(server.target, { messages, timeout_ms: 150 }));
  expect(seen).toMatchObject({ status: 101, echoes: [{ received_ms: null, intact: false }] });
  expect(seen.error).toBeUndefined();
});

test('nobody listens', async () => {
  const server = await httpServer(() => undefined);
  await server[Symbol.asyncDispose]();
  expect((await runOneWebSocket(webSocketStep(server.target))).error?.code).toBe('ECONNREFUSED');
});

describe('pairing echoes', () => {
  const bytes = (text: string): Buffer => Buffer.from(text);

  test('answers out of order find their message', () => {
    const book = new EchoBook();
    book.sent(bytes('a'), false, 1);
    book.sent(bytes('b'), false, 2);
    book.received(bytes('b'), false, 3);
    expect(book.settled).toBe(false);
    book.received(bytes('a'), false, 4);
    expect(book.settled).toBe(true);
    expect(book.echoes.map((echo) => echo.received_ms)).toEqual([4, 3]);
  });

  test('a damaged echo is not intact', () => {
    const book = new EchoBook();
    book.received(bytes('hello'), false, 0);
    book.sent(bytes('a'), false, 1);
    book.received(bytes('A'), false, 2);
    expect(book.hello).toBe('hello');
    expect(book.echoes).toEqual([{ sent_ms: 1, received_ms: 2, bytes: 1, intact: false, text: 'A' }]);
  });

  test('a damaged binary echo is never taken for a greeting', () => {
    const book = new EchoBook();
    book.sent(bytes('abc'), true, 1);
    book.received(bytes('ab'), true, 2);
    expect(book.hello).toBeUndefined();
    expect(book.echoes).toEqual([{ sent_ms: 1, received_ms: 2, bytes: 2, intact: false }]);
  });
});
