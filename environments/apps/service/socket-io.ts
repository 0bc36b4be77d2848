import { createAdapter } from '@socket.io/redis-adapter';
import { Server as Engine } from 'engine.io';
import { Server } from 'socket.io';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import { doorOf } from './socket-io-workers.ts';
import type { EngineDoor } from './socket-io-workers.ts';
import type { Stores } from './stores/index.ts';

/** Socket.IO behind the front of an instance. */
export type SocketIo = EngineDoor;

/**
 * Rooms that reach every instance when Redis is there: `join` (room), `leave`
 * (room), `message` ({room, text}), each acknowledged; `hello` tells who serves.
 * A session by long polling needs its instance again and again, which is what
 * affinity at a gateway is for; which of its workers it meets does not matter.
 */
export async function createSocketIo(config: Config, stores: Stores, log: Log): Promise<SocketIo> {
  const engine = new Engine();
  const door = await doorOf(engine, config, log);
  const io = new Server({ serveClient: false });
  const subscriber = stores.redis?.subscriber((error) =>
    log('error', { message: `socket.io adapter: ${error.message}` }),
  );
  if (stores.redis && subscriber) io.adapter(createAdapter(stores.redis.client, subscriber));
  io.bind(engine);
  io.on('connection', (socket) => {
    socket.emit('hello', {
      instance: config.instance,
      service: config.service,
      pid: process.pid,
      worker: config.worker,
    });
    socket.on('join', async (room: unknown, done: unknown) => {
      await socket.join(String(room));
      acknowledge(done, { joined: String(room) });
    });
    socket.on('leave', async (room: unknown, done: unknown) => {
      await socket.leave(String(room));
      acknowledge(done, { left: String(room) });
    });
    socket.on('message', (message: unknown, done: unknown) => {
      const { room, text } = (typeof message === 'object' && message !== null ? message : {}) as {
        room?: unknown;
        text?: unknown;
      };
      io.to(String(room)).emit('message', { room, text, from: socket.id, instance: config.instance, pid: process.pid });
      acknowledge(done, { sent: true });
    });
    socket.on('echo', (data: unknown, done: unknown) => acknowledge(done, data));
  });
  return {
    ...door,
    close: () => {
      io.disconnectSockets(true);
      engine.close();
      door.close();
      subscriber?.disconnect();
    },
  };
}

function acknowledge(done: unknown, answer: unknown): void {
  if (typeof done === 'function') (done as (value: unknown) => void)(answer);
}
