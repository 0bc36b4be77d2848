import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import type { Socket } from 'socket.io';
import { expect, test } from 'vitest';
import { runDriver } from './run-driver.ts';

const RATE_PER_S = 4;
const STEPS = [
  { name: 'warm-up', rate_perS: RATE_PER_S, start_s: 0, duration_s: 1, drain_s: 0 },
  { name: 'measured', rate_perS: RATE_PER_S, start_s: 1, duration_s: 2, drain_s: 6 },
];

/** Greets and echoes, as the backends do. */
function serve(socket: Socket): void {
  socket.emit('hello', { instance: 'customer-1' });
  socket.on('echo', (data: unknown, done: (value: unknown) => void) => {
    done(data);
  });
}

interface Setting {
  readonly welcome?: (socket: Socket, number: number) => void;
  readonly path?: string;
  readonly allowUpgrades?: boolean;
  readonly connections?: number;
}

/** Leads users through sessions with a server. */
async function visit({ welcome = serve, path = '/socket.io/', allowUpgrades = true, connections = 16 }: Setting) {
  const listening = createServer((_, response) => response.writeHead(404).end());
  const server = new Server(listening, { path, allowUpgrades });
  const addresses: string[] = [];
  server.on('connection', (socket) => {
    addresses.push(socket.handshake.address);
    welcome(socket, addresses.length);
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { samples, end } = await runDriver('socketio.ts', {
    url: `http://127.0.0.1:${String((listening.address() as AddressInfo).port)}/socket.io/`,
    serverName: 'demo.test',
    headers: {},
    route: 'socket.io',
    steps: STEPS,
    rate_perS: RATE_PER_S,
    connections,
    firstAddress: '127.0.0.1',
    timeout_s: 5,
  });
  server.disconnectSockets(true);
  listening.closeAllConnections();
  listening.close();
  return { samples, end, addresses, kinds: samples.kinds.table().map(({ kind, requests }) => [kind, requests]) };
}

// Side by side: each waits for its sessions most of the time.
test.concurrent('sessions are polled, upgraded and answered, each from an address of its own', async () => {
  const transports: string[] = [];
  const { samples, end, addresses } = await visit({
    welcome: (socket) => {
      transports.push(socket.conn.transport.name);
      socket.conn.once('upgrade', ({ name }: { readonly name: string }) => transports.push(name));
      serve(socket);
    },
  });
  expect(samples.outcomes).toEqual({ answered: 8, refused: 0, failed: 0 });
  expect(samples.dropped).toBe(0);
  expect(end.requests).toBe(12);
  expect(end.loopDelay_ms).toBeGreaterThanOrEqual(0);
  expect(new Set(addresses)).toHaveLength(12);
  expect(transports.toSorted()).toEqual([...Array<string>(12).fill('polling'), ...Array<string>(12).fill('websocket')]);
});

test.concurrent('the slowest part of a session is its latency', async () => {
  const { samples } = await visit({
    welcome: (socket) => {
      socket.emit('hello', {});
      socket.on('echo', (data: unknown, done: (value: unknown) => void) => {
        setTimeout(done, data === 3 ? 400 : 0, data);
      });
    },
  });
  expect(samples.corrected.percentile_ms(1)).toBeGreaterThan(395);
  // A whole session takes at least two seconds.
  expect(samples.corrected.percentile_ms(99)).toBeLessThan(2_000);
});

test.concurrent('a session that meets no Socket.IO has failed, with the status it met', async () => {
  expect((await visit({ path: '/elsewhere/' })).kinds).toEqual([['status 404', 8]]);
});

test.concurrent('a session that stays with polling has failed', async () => {
  expect((await visit({ allowUpgrades: false })).kinds).toEqual([['time-out', 8]]);
});

test.concurrent('a session that is ended by the server has failed', async () => {
  const { kinds, samples } = await visit({
    welcome: (socket, number) => {
      serve(socket);
      if (number % 2 === 0) setTimeout(() => socket.disconnect(true), 700);
    },
  });
  expect(kinds).toEqual([
    ['answered', 4],
    ['disconnected', 4],
  ]);
  expect(samples.outcomes).toEqual({ answered: 4, refused: 0, failed: 4 });
});

test.concurrent('sessions are dropped that are due while no address is idle', async () => {
  const { samples, end } = await visit({ connections: 4 });
  // Each session takes 2 s and a little more: the addresses of the first second are taken in the second, and idle in the third.
  expect(samples.dropped).toBeGreaterThanOrEqual(4);
  expect(samples.dropped + end.requests).toBe(12);
});
