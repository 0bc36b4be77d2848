import type { Socket } from 'node:net';

type WriteDone = (error?: Error | null) => void;

const LOST: readonly unknown[] = ['EPIPE', 'ECONNRESET'];

/** Tells how a write failed, if one did. */
export type WriteFailure = () => Error | undefined;

function isLost(error: Error | null | undefined): error is Error {
  return error !== null && error !== undefined && 'code' in error && LOST.includes(error.code);
}

/**
 * Lets a socket be read once more after a write has failed. A server that
 * answers early (413) and closes at once resets the connection; the kernel
 * still holds its answer then, but at its first failed write Node stops reading
 * and drops it. So the stream learns of the failure only after the event loop
 * has looked for input one more time.
 *
 * @returns how to ask for the failure: the kernel reports a reset once, so what
 * reading sees after a failed write is an orderly end that was none.
 */
export function readAfterFailedWrite(socket: Socket): WriteFailure {
  let failure: Error | undefined;
  const held =
    (done: WriteDone): WriteDone =>
    (error) => {
      if (!isLost(error)) {
        done(error);
        return;
      }
      failure ??= error;
      // Two turns: the first may come before the loop polls, the second cannot.
      setImmediate(() => setImmediate(() => done(error)));
    };
  const write = socket._write.bind(socket);
  const writev = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, done) => write(chunk, encoding, held(done));
  if (writev !== undefined) socket._writev = (chunks, done) => writev(chunks, held(done));
  return () => failure;
}
