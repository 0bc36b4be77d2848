import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const requestCounts = new WeakMap<Socket, number>();

/** Counts one more request on this connection. */
export function countRequest(socket: Socket): void {
  requestCounts.set(socket, requestOnConnection(socket) + 1);
}

/** Requests that this connection has carried so far. */
export function requestOnConnection(socket: Socket): number {
  return requestCounts.get(socket) ?? 0;
}

/** Open connections of a server, upgraded ones included (Node's own list forgets those). */
export class Connections {
  readonly #open = new Set<Socket>();

  constructor(server: Server, changed: (open: number) => void) {
    server.on('connection', (socket: Socket) => {
      this.#open.add(socket);
      changed(this.#open.size);
      socket.once('close', () => {
        this.#open.delete(socket);
        changed(this.#open.size);
      });
    });
  }

  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
