import type { Socket } from 'node:net';

const LOST: readonly (string | undefined)[] = ['EPIPE', 'ECONNRESET'];

/**
 * Lets a socket be read once more after a write has failed. A server that
 * answers early (413) and closes at once resets the connection; the kernel
 * still holds its answer then, but Node destroys a socket at its first failed
 * write, with the answer unread. Here the failure takes effect after the event
 * loop has looked for input one more time; the error itself is not changed.
 */
export function readAfterFailedWrite(socket: Socket): void {
  const destroy = socket.destroy.bind(socket);
  let waiting = false;
  socket.destroy = (error?: NodeJS.ErrnoException): Socket => {
    const lost = error?.syscall === 'write' && LOST.includes(error.code);
    if (!lost || waiting || socket.destroyed) return destroy(error);
    waiting = true;
    // Two turns: the first may come before the loop polls, the second cannot.
    setImmediate(() => setImmediate(() => destroy(error)));
    return socket;
  };
}
