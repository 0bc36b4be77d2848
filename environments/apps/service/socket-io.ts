import { createAdapter } from '@socket.io/redis-adapter';
import { Server as Engine } from 'engine.io';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server } from 'socket.io';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import type { Stores } from './stores/index.ts';

/** Socket.IO behind the front of an instance. */
export interface SocketIo {
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly close: () => void;
}

/**
 * Rooms that reach every instance when Redis is there: `join` (room), `leave`
 * (room), `message` ({room, text}), each acknowledged; `hello` tells who serves.
 * As in the documented services a polling session lives in one worker: it needs
 * affinity down to the worker, the WebSocket transport does not.
 */
export function createSocketIo(config: Config, stores: Stores, log: Log): SocketIo {
  const engine = new Engine();
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
    request: (request, response) => engine.handleRequest(request, response),
    upgrade: (request, socket, head) => engine.handleUpgrade(request, socket, head),
    close: () => {
      io.disconnectSockets(true);
      engine.close();
      subscriber?.disconnect();
    },
  };
}

function acknowledge(done: unknown, answer: unknown): void {
  if (typeof done === 'function') (done as (value: unknown) => void)(answer);
}
