/** Clients that hold a connection, against servers on loopback. */
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';

import { HoldingClient } from '../../../chaos/prober/held-client.ts';
import type { UseConnection } from '../../../chaos/prober/held-client.ts';
import type { HeldClient, HeldKind } from '../../../chaos/prober/held-clients-settings.ts';
import { echoedMessages, repeatedRequests } from '../../../chaos/prober/held-uses.ts';
import { httpServer, scripted } from '../clients/servers.ts';

const USE = { path: '/x', every_ms: 5, patience_ms: 300 };
const open: HoldingClient[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function client(kind: HeldKind, use: UseConnection): HoldingClient {
  const one = new HoldingClient(kind, '127.0.0.1', use);
  open.push(one);
  return one;
}

/** Waits until what a client saw is as asked for. */
const until = (one: HoldingClient, holds: (seen: HeldClient) => boolean): Promise<HeldClient> =>
  vi.waitUntil(() => (holds(one.seen) ? one.seen : false), { timeout: 4_000, interval: 5 });

const at = ({ target: { address, port } }: { readonly target: { address: string; port: number } }) => ({
  ...{ address, port },
  host: 'h',
});

test('one connection carries many requests', async () => {
  let [connections, requests] = [0, 0];
  await using server = await httpServer((_request, response) => {
    requests += 1;
    response.end('{}');
  });
  server.server.on('connection', () => (connections += 1));
  const one = client('keep-alive', repeatedRequests(at(server), USE));
  await vi.waitUntil(() => requests > 5, { timeout: 4_000, interval: 5 });
  expect(one.seen.connections).toMatchObject([{ ended_ms: null, why: null }]);
  expect(one.seen.connections[0]?.answered_ms).not.toBeNull();
  expect(connections).toBe(1);
});

test('a connection that is reset ends with that reason, and the client connects anew', async () => {
  let requests = 0;
  await using server = await httpServer((request, response) => {
    requests += 1;
    if (requests === 2) request.socket.resetAndDestroy();
    else response.end('{}');
  });
  const one = client('keep-alive', repeatedRequests(at(server), USE));
  const seen = await until(one, ({ connections }) => (connections[1]?.answered_ms ?? null) !== null);
  expect(seen).toMatchObject({ kind: 'keep-alive', failedAttempts: 0 });
  expect(seen.connections[0]).toMatchObject({ why: 'ECONNRESET' });
  expect(seen.connections[1]).toMatchObject({ ended_ms: null });
});

test('an answer that stops half-way is given up', async () => {
  await using server = await httpServer((_request, response) => {
    response.writeHead(200, { 'Content-Length': '10' });
    response.write('half');
  });
  const one = client('download', repeatedRequests(at(server), USE));
  const seen = await until(one, ({ connections, failedAttempts }) => failedAttempts > 0 && connections.length > 0);
  // It carried no whole answer: an attempt that failed, and no connection that was held.
  expect(seen.connections).toHaveLength(1);
});

test('a refusal is no answer', async () => {
  let asked = 0;
  await using server = await httpServer((_request, response) => {
    asked += 1;
    response.writeHead(asked === 1 ? 200 : 429).end('{}');
  });
  const one = client('keep-alive', repeatedRequests(at(server), USE));
  const seen = await until(one, ({ connections }) => (connections[0]?.ended_ms ?? null) !== null);
  expect(seen.connections[0]).toMatchObject({ why: 'status-429' });
});

test('a WebSocket is used for echo after echo, and is given up when it falls silent', async () => {
  await using server = await httpServer((_request, response) => response.end());
  let echoes = 0;
  new WebSocketServer({ server: server.server }).on('connection', (socket) => {
    socket.on('message', (data, binary) => {
      echoes += 1;
      if (echoes !== 3) socket.send(data, { binary });
    });
  });
  const one = client('websocket', echoedMessages(at(server), USE));
  const seen = await until(one, ({ connections }) => (connections[1]?.answered_ms ?? null) !== null);
  expect(seen.connections[0]).toMatchObject({ why: 'silent' });
  expect(echoes).toBeGreaterThan(3);
});

test('a WebSocket whose handshake is never answered is an attempt that failed', async () => {
  await using server = await scripted(() => undefined);
  const one = client('websocket', echoedMessages(at(server), USE));
  const seen = await until(one, ({ failedAttempts }) => failedAttempts > 0);
  expect(seen.connections.every(({ answered_ms }) => answered_ms === null)).toBe(true);
});
