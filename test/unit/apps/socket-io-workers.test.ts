import { Server as Engine } from 'engine.io';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { afterEach, expect, test } from 'vitest';
import { doorAmongWorkers, doorOf } from '../../../environments/apps/service/socket-io-workers.ts';
import type { EngineDoor } from '../../../environments/apps/service/socket-io-workers.ts';

const folder = mkdtempSync(join(tmpdir(), 'workers-'));
const ends: (() => unknown)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
  rmSync(folder, { recursive: true, force: true });
});

interface Worker {
  readonly port: number;
  readonly door: EngineDoor;
}

/** Listens as PM2's workers do, except that here each has a port of its own. */
async function worker(name: string, makeDoor: (engine: Engine) => Promise<EngineDoor>): Promise<Worker> {
  const engine = new Engine();
  const door = await makeDoor(engine);
  const server = new Server({ serveClient: false });
  server.bind(engine);
  server.on('connection', (socket) => {
    socket.emit('hello', { worker: name });
    socket.on('echo', (data: unknown, done: (value: unknown) => void) => {
      done(data);
    });
  });
  const http = createServer(door.request).on('upgrade', door.upgrade);
  const port = await listening(http);
  ends.push(() => {
    door.close();
    engine.close();
    http.closeAllConnections();
    http.close();
  });
  return { port, door };
}

async function listening(server: HttpServer | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const sibling = (name: string, instance = 'customer-1'): Promise<Worker> =>
  worker(name, (engine) => doorAmongWorkers(engine, join(folder, instance), name, () => undefined));
const loner = (name: string): Promise<Worker> =>
  worker(name, (engine) => doorOf(engine, { runDir: folder, instance: 'customer-1' }, () => undefined));

/** Gives each connection to the next worker, as PM2's primary does. */
async function primary(workers: readonly Worker[]): Promise<number> {
  let connections = 0;
  const server = createTcpServer((socket) => {
    const onward = connect(workers[connections++ % workers.length]?.port ?? 0, '127.0.0.1');
    ends.push(() => {
      socket.destroy();
      onward.destroy();
    });
    socket.on('error', () => onward.destroy()).pipe(onward);
    onward.on('error', () => socket.destroy()).pipe(socket);
  });
  ends.push(() => server.close());
  return listening(server);
}

/** The client that users have: polling first, then an upgrade. */
function client(port: number, transports = ['polling', 'websocket']): Socket {
  const socket = io(`http://127.0.0.1:${String(port)}`, { reconnection: false, forceNew: true, transports });
  ends.push(() => socket.disconnect());
  return socket;
}

/** Which transport a session has in the end, after one message; or the status that ended it. */
function journey(socket: Socket): Promise<string | number> {
  return new Promise((resolve) => {
    socket.once('connect_error', (error) => {
      resolve((error as unknown as { description: number }).description);
    });
    socket.io.engine.once('upgrade', () => {
      socket.emit('echo', 'é', (back: unknown) => {
        resolve(`${socket.io.engine.transport.name} ${String(back)}`);
      });
    });
  });
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function ask(port: number, method: 'GET' | 'POST', query = '', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const path = `/socket.io/?EIO=4&transport=polling${query}`;
    const request = httpRequest({ host: '127.0.0.1', port, method, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    request.on('error', reject).end(body);
  });
}

async function opened(port: number): Promise<string> {
  const { text } = await ask(port, 'GET');
  return (JSON.parse(text.slice(1)) as { sid: string }).sid;
}

const UNKNOWN = { status: 400, text: '{"code":1,"message":"Session ID unknown"}' };

test('workers that do not know each other break sessions of the real client', async () => {
  expect(await journey(client(await primary([await loner('1'), await loner('2')])))).toBe(400);
});

test('workers of an instance serve a session together, through its upgrade', async () => {
  const port = await primary([await sibling('1'), await sibling('2')]);
  for (let n = 0; n < 4; n += 1) expect(await journey(client(port))).toBe('websocket é');
});

test('what is posted to and polled from one worker belongs to the session at the other', async () => {
  const [one, two] = [await sibling('1'), await sibling('2')];
  const sid = await opened(one.port);
  expect(await ask(two.port, 'POST', `&sid=${sid}`, '40')).toEqual({ status: 200, text: 'ok' });
  const { status, text } = await ask(two.port, 'GET', `&sid=${sid}`);
  expect([status, text.includes('"worker":"1"')]).toEqual([200, true]);
});

test('connections between workers outlive their answers: one that closes too soon cuts off the end of a body', async () => {
  const one = await sibling('1');
  let connections = 0;
  const other = createServer((_, response) => response.end('ok')).on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => other.listen(join(folder, 'customer-1', '2.sock'), resolve));
  ends.push(() => {
    other.closeAllConnections();
    other.close();
  });
  for (let n = 0; n < 3; n += 1)
    expect(await ask(one.port, 'POST', '&sid=w2_x', '40')).toEqual({ status: 200, text: 'ok' });
  expect(connections).toBe(1);
});

test('a session of another instance is unknown, whatever its workers are called', async () => {
  const [mine, , theirs] = [await sibling('1'), await sibling('2'), await sibling('2', 'customer-2')];
  expect(await ask(mine.port, 'GET', `&sid=${await opened(theirs.port)}`)).toEqual(UNKNOWN);
  expect(await ask(theirs.port, 'GET', `&sid=${await opened(mine.port)}`)).toEqual(UNKNOWN);
});

test('a session is unknown once its worker is gone', async () => {
  const [one, two] = [await sibling('1'), await sibling('2')];
  const sid = await opened(one.port);
  one.door.close();
  expect(await ask(two.port, 'POST', `&sid=${sid}`, '40')).toEqual(UNKNOWN);
});

test('a worker that ends takes leave of the sessions of others that lead through it', async () => {
  const [one, two] = [await sibling('1'), await sibling('2')];
  const sid = await opened(one.port);
  const poll = ask(two.port, 'GET', `&sid=${sid}`);
  const socket = client(await primary([one, two, two]));
  expect(await journey(socket)).toBe('websocket é');
  const parted = new Promise((resolve) => socket.once('disconnect', resolve));
  two.door.close();
  expect(await poll).toEqual(UNKNOWN);
  expect(await parted).toBe('transport close');
});
