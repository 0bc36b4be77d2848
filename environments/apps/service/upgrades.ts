import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { WebSocketServer } from 'ws';
import type { HeaderList } from './arrivals.ts';
import type { Config } from './config.ts';
import { pathOf } from './front.ts';
import type { Front } from './front.ts';
import type { Log } from './log.ts';
import type { SocketIo } from './socket-io.ts';

const WEBSOCKET_PATH = '/ws';
const SOCKET_IO_PREFIX = '/socket.io/';

/** Any other request that asks for an upgrade is answered like one that does not. */
export function isUpgradeWanted(config: Config, request: IncomingMessage): boolean {
  const path = pathOf(request);
  const asked = request.headers.upgrade?.toLowerCase() === 'websocket';
  return asked && config.service !== 'auth' && (path === WEBSOCKET_PATH || path.startsWith(SOCKET_IO_PREFIX));
}

/** The WebSocket side of an instance: an echo at /ws, and Socket.IO's transport. */
export class Upgrades {
  readonly #config: Config;
  readonly #front: Front;
  readonly #log: Log;
  readonly #socketIo: () => Promise<SocketIo>;
  #server: Promise<WebSocketServer> | null = null;

  constructor(config: Config, front: Front, log: Log, socketIo: () => Promise<SocketIo>) {
    this.#config = config;
    this.#front = front;
    this.#log = log;
    this.#socketIo = socketIo;
  }

  /** Completes or refuses a handshake; never rejects. */
  async handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    try {
      const { headers } = this.#front.arrived(request, true);
      const { behaviour } = this.#front.decision(request, pathOf(request));
      if (behaviour.delay_ms !== undefined) await wait(behaviour.delay_ms);
      if (behaviour.hang || socket.destroyed) return;
      if (behaviour.reset) return void request.socket.resetAndDestroy();
      if (behaviour.status !== undefined) refuse(socket, behaviour.status, '');
      else if (pathOf(request).startsWith(SOCKET_IO_PREFIX)) (await this.#socketIo()).upgrade(request, socket, head);
      else await this.#echo(request, socket, head, headers);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#log('error', { message });
      refuse(socket, 400, message);
    }
  }

  async #echo(request: IncomingMessage, socket: Duplex, head: Buffer, headers: HeaderList): Promise<void> {
    const server = await this.load();
    const { instance, service, worker } = this.#config;
    server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
      client.send(JSON.stringify({ instance, service, pid: process.pid, worker, headers }));
    });
  }

  /** Loads the library, which only instances that meet a WebSocket need. */
  load(): Promise<WebSocketServer> {
    this.#server ??= import('ws').then(({ WebSocketServer }) => new WebSocketServer({ noServer: true }));
    return this.#server;
  }

  /** Says goodbye to every client: 1001, going away. */
  async close(): Promise<void> {
    for (const client of (await this.#server)?.clients ?? []) client.close(1001);
  }
}

function refuse(socket: Duplex, status: number, message: string): void {
  const head = [
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${String(Buffer.byteLength(message))}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${message}`);
}
