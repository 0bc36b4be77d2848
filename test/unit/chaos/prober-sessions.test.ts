/** WebSocket and Socket.IO sessions, against servers on loopback. */
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';

import type { ProbeEnd, SessionLoss, SocketIoSeries, WebSocketSeries } from '../../../chaos/prober/protocol.ts';
import type { Sender } from '../../../chaos/prober/sender.ts';
import { socketIo } from '../../../chaos/prober/socketio.ts';
import { FrameReader } from '../../../chaos/prober/websocket-frames.ts';
import { webSockets } from '../../../chaos/prober/websocket.ts';
import { canned, httpServer, scripted } from '../clients/servers.ts';

const COMMON = { name: 's', host: 'h', interval_ms: 10, timeout_ms: 200, sessions: 1, servedByMember: 'instance' };
type Target = Pick<WebSocketSeries, 'address' | 'port'>;

const webSocket = (target: Target): WebSocketSeries => ({
  ...COMMON,
  kind: 'websocket',
  path: '/ws',
  answer: 'echo',
  ...target,
});
const socketIoSeries = (target: Target): SocketIoSeries => ({
  ...COMMON,
  kind: 'socketio',
  path: '/socket.io/',
  event: 'echo',
  ...target,
});

const send = (sender: Sender, probe: number): Promise<ProbeEnd> =>
  new Promise((resolve) => sender.send(probe, resolve));

/** A WebSocket server that does as it is told with each session. */
async function speaking(onSession: (client: WebSocket, session: number) => void) {
  const server = await httpServer((_request, response) => response.end());
  let sessions = 0;
  new WebSocketServer({ server: server.server }).on('connection', (client) => onSession(client, sessions++));
  return server;
}

function echoing(client: WebSocket): void {
  client.send('{"instance":"customer-1"}');
  client.on('message', (data, binary) => client.send(data, { binary }));
}

test('a session greets, echoes, and serves many probes', async () => {
  let opened = 0;
  await using server = await speaking((client) => {
    opened += 1;
    echoing(client);
    client.ping();
  });
  const sender = webSockets(webSocket(server.target), () => undefined);
  for (let probe = 0; probe < 3; probe += 1)
    expect(await send(sender, probe)).toEqual({ ok: true, kind: 'answered', servedBy: 'customer-1' });
  sender.close();
  expect(opened).toBe(1);
});

test.each([
  ['closed', 'closed-1001', (client: WebSocket) => client.close(1001)],
  ['cut', 'ended', (client: WebSocket) => client.terminate()],
] as const)('a session that is %s loses its message, is counted, and is opened again', async (_how, why, end) => {
  await using server = await speaking((client, session) => {
    if (session === 0) client.once('message', () => end(client));
    else echoing(client);
  });
  const losses: SessionLoss[] = [];
  const sender = webSockets(webSocket(server.target), (loss) => losses.push(loss));
  expect(await send(sender, 0)).toEqual({ ok: false, kind: 'session-lost' });
  expect(await send(sender, 1)).toMatchObject({ ok: true, kind: 'answered' });
  sender.close();
  expect(losses.map((loss) => loss.why)).toEqual([why]);
});

test('a silent session is given up after the time-out', async () => {
  await using server = await speaking((client, session) => {
    if (session > 0) echoing(client);
  });
  const losses: SessionLoss[] = [];
  const sender = webSockets({ ...webSocket(server.target), timeout_ms: 40 }, (loss) => losses.push(loss));
  expect(await send(sender, 0)).toEqual({ ok: false, kind: 'timeout' });
  expect(await send(sender, 1)).toMatchObject({ ok: true });
  sender.close();
  expect(losses.map((loss) => loss.why)).toEqual(['silent']);
});

test('what keeps a session from opening is told, and is no lost session', async () => {
  const losses: SessionLoss[] = [];
  const start = (target: Target, opening_ms = 1_000): Sender =>
    webSockets({ ...webSocket(target), opening_ms }, (loss) => losses.push(loss));
  await using refusing = await canned('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
  expect(await send(start(refusing.target), 0)).toEqual({ ok: false, kind: 'handshake-502' });
  await using hung = await scripted(() => undefined);
  expect(await send(start(hung.target, 30), 0)).toEqual({ ok: false, kind: 'opening-timeout' });
  const gone = await scripted(() => undefined);
  await gone[Symbol.asyncDispose]();
  const sender = start(gone.target);
  expect(await send(sender, 0)).toEqual({ ok: false, kind: 'ECONNREFUSED' });
  expect(await send(sender, 1)).toEqual({ ok: false, kind: 'ECONNREFUSED' });
  expect(losses).toEqual([]);
});

/** The server's side of Engine.IO 4 and Socket.IO 5, as much as a session needs. */
function socketIoServer(client: WebSocket, onEvent: (ack: string, text: string) => void): void {
  client.send('0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000}');
  client.on('message', (data: Buffer) => {
    const packet = data.toString();
    if (packet === '40') {
      client.send('40{"sid":"s"}');
      client.send('42["hello",{"instance":"customer-2"}]');
      client.send('2');
    }
    const [, ack = '', text = ''] = /^42(\d+)(.*)$/.exec(packet) ?? [];
    if (text !== '') onEvent(ack, text);
  });
}

test('Socket.IO events are acknowledged, and pings answered', async () => {
  const events: string[] = [];
  const pong = Promise.withResolvers<void>();
  await using server = await speaking((client) => {
    client.on('message', (data: Buffer) => data.toString() === '3' && pong.resolve());
    socketIoServer(client, (ack, text) => {
      events.push(text);
      client.send(`43${ack}[{}]`);
    });
  });
  const sender = socketIo(socketIoSeries(server.target), () => undefined);
  for (let probe = 0; probe < 2; probe += 1)
    expect(await send(sender, probe)).toEqual({ ok: true, kind: 'answered', servedBy: 'customer-2' });
  await pong.promise;
  sender.close();
  expect(events).toEqual(['["echo",{"probe":0}]', '["echo",{"probe":1}]']);
});

test('a Socket.IO session that is disconnected is opened again', async () => {
  await using server = await speaking((client, session) =>
    socketIoServer(client, (ack) => client.send(session === 0 ? '41' : `43${ack}[{}]`)),
  );
  const losses: SessionLoss[] = [];
  const sender = socketIo(socketIoSeries(server.target), (loss) => losses.push(loss));
  expect(await send(sender, 0)).toEqual({ ok: false, kind: 'session-lost' });
  expect(await send(sender, 1)).toMatchObject({ ok: true });
  sender.close();
  expect(losses.map((loss) => loss.why)).toEqual(['disconnected']);
});

test('frames are cut wherever the bytes were split', () => {
  const bytes = Buffer.concat([Buffer.from([0x81, 126, 0, 200]), Buffer.alloc(200, 97), Buffer.from([0x89, 0])]);
  const reader = new FrameReader();
  const frames = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])));
  expect(frames.map(({ opcode, payload }) => [opcode, payload.length])).toEqual([
    [1, 200],
    [9, 0],
  ]);
  expect(() => new FrameReader().push(Buffer.from([0x81, 0x80, 0, 0, 0, 0]))).toThrow(RangeError);
});
