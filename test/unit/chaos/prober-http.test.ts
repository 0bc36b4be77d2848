/** Kept-alive connections and writes, against servers on loopback. */
import { createServer } from 'node:http';
import { expect, test } from 'vitest';

import { AnswerReader } from '../../../chaos/prober/answer.ts';
import { keptAlive } from '../../../chaos/prober/keep-alive.ts';
import { newConnections } from '../../../chaos/prober/new-connection.ts';
import type { KeepAliveSeries, ProbeEnd } from '../../../chaos/prober/protocol.ts';
import type { Sender } from '../../../chaos/prober/sender.ts';
import { writes } from '../../../chaos/prober/write.ts';
import { canned, httpServer, httpsServer, scripted } from '../clients/servers.ts';

const COMMON = { name: 's', host: 'h', path: '/', interval_ms: 10, timeout_ms: 200, expect: [200, 201] };

const keepAlive = (target: { address: string; port: number }, connections = 1): KeepAliveSeries => ({
  ...COMMON,
  kind: 'keep-alive',
  method: 'GET',
  connections,
  ...target,
});

const send = (sender: Sender, probe: number): Promise<ProbeEnd> =>
  new Promise((resolve) => sender.send(probe, resolve));

test('a client keeps its connection, and clients take turns', async () => {
  const ports: (number | undefined)[] = [];
  await using server = await httpServer((request, response) => {
    ports.push(request.socket.remotePort);
    response.end('ok');
  });
  const sender = keptAlive(keepAlive(server.target, 2));
  for (let probe = 0; probe < 4; probe += 1) expect(await send(sender, probe)).toMatchObject({ ok: true });
  sender.close();
  expect(ports[2]).toBe(ports[0]);
  expect(ports[3]).toBe(ports[1]);
  expect(ports[1]).not.toBe(ports[0]);
});

test('a kept connection that breaks when it is used again is told apart, and replaced at the next turn', async () => {
  let requests = 0;
  await using server = await httpServer((request, response) => {
    requests += 1;
    if (requests === 2) request.socket.resetAndDestroy();
    else response.end('ok');
  });
  const sender = keptAlive(keepAlive(server.target));
  expect(await send(sender, 0)).toEqual({ ok: true, kind: 'status-200' });
  expect(await send(sender, 1)).toEqual({ ok: false, kind: 'ECONNRESET-reused' });
  expect(await send(sender, 2)).toEqual({ ok: true, kind: 'status-200' });
  sender.close();
});

test('while clients wait for answers, further connections carry the probes', async () => {
  await using server = await httpServer(() => undefined);
  const sender = keptAlive({ ...keepAlive(server.target), timeout_ms: 40 });
  const ends = await Promise.all([0, 1, 2].map((probe) => send(sender, probe)));
  expect(ends).toEqual(Array.from({ length: 3 }, () => ({ ok: false, kind: 'timeout' })));
  sender.close();
});

test('refused and reset in the answer are failures of their own kind', async () => {
  await using cut = await canned('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', 'reset');
  const sender = keptAlive(keepAlive(cut.target));
  expect(await send(sender, 0)).toMatchObject({ ok: false, kind: 'ECONNRESET' });
  const gone = await scripted(() => undefined);
  await gone[Symbol.asyncDispose]();
  expect(await send(keptAlive(keepAlive(gone.target)), 0)).toEqual({ ok: false, kind: 'ECONNREFUSED' });
});

test('new connections resume their TLS session', async () => {
  const resumed: boolean[] = [];
  await using server = await httpsServer((_request, response) => response.end('ok'));
  server.server.on('secureConnection', (socket) => resumed.push(socket.isSessionReused()));
  const sender = newConnections({
    ...COMMON,
    kind: 'new-connection',
    method: 'GET',
    ...server.target,
    tls: { serverName: 'unit.test' },
  });
  for (let probe = 0; probe < 3; probe += 1) expect(await send(sender, probe)).toMatchObject({ ok: true });
  expect(resumed[0]).toBe(false);
  expect(resumed.slice(1)).toContain(true);
});

test('each write has a key of its own, which its record carries', async () => {
  const seen: unknown[] = [];
  await using server = await httpServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push([request.method, request.headers['idempotency-key'], JSON.parse(body)]);
      response.writeHead(201).end('{"instance":"customer-1"}');
    });
  });
  const series = { ...COMMON, kind: 'write', keyPrefix: 'trial', body: { a: 1 }, servedByMember: 'instance' } as const;
  const { address, port } = server.target;
  expect(await send(writes({ ...series, address, port }), 7)).toEqual({
    ok: true,
    kind: 'status-201',
    servedBy: 'customer-1',
    key: 'trial-7',
  });
  expect(seen).toEqual([['POST', 'trial-7', { a: 1, probe: 7 }]]);
});

test('a failed write carries its key too', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise((resolve) => server.close(resolve));
  const sender = writes({ ...COMMON, kind: 'write', keyPrefix: 'k', address: '127.0.0.1', port });
  expect(await send(sender, 0)).toEqual({ ok: false, kind: 'ECONNREFUSED', key: 'k-0' });
});

test('answers end where their framing says', () => {
  const read = (text: string) => new AnswerReader().push(Buffer.from(text));
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  // The first chunk's data looks like the last chunk.
  expect(read(`${chunked}5\r\n0\r\n\r\n`)).toBe('incomplete');
  expect(read(`${chunked}5\r\n0\r\n\r\n\r\n0\r\n\r\n`)).toMatchObject({ status: 200, rest: '', persistent: true });
  expect(read('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nmore')).toMatchObject({
    status: 204,
    rest: 'more',
  });
  expect(read('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')).toMatchObject({
    persistent: false,
  });
  expect(read('nonsense\r\n\r\n')).toBe('truncated');
});
