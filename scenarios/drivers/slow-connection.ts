/**
 * One connection of a slow client, on a plain socket: no HTTP client sends parts of a header,
 * or leaves an answer where it is.
 */
import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';

/** Where a connection goes, and which address it comes from. */
export interface Peer {
  readonly host: string;
  readonly port: number;
  /** Null for one without TLS. */
  readonly serverName: string | null;
  readonly localAddress: string;
}

/** What became of a connection. */
export interface SlowEnd {
  /** Connected, and shook hands. */
  readonly opened: boolean;
  /** From the connection to its end, ms: a gateway's timers begin with the connection too. */
  readonly life_ms: number;
  /** Of the answer's first line; null without one. */
  readonly status: number | null;
  /** Ended by `stop`. */
  readonly stopped: boolean;
}

export interface SlowConnection {
  /** Never rejects. */
  readonly ended: Promise<SlowEnd>;
  stop(): void;
}

/** How a client is slow. */
interface Manner {
  readonly every_ms: number;
  /** Done as soon as the connection is open; data are taken as they come, or read in the steps. */
  readonly takes: 'at once' | 'in steps';
  /** Done at once, then every `every_ms` until it is false. */
  step(socket: Socket, progress: { status: number | null }, took: (data: Buffer) => void): boolean;
}

/** Made once: it costs as much as a handshake. */
const secureContext = createSecureContext();
const STATUS = /^HTTP\/1\.[01] (\d{3})/;

/** Writes pieces one after the other, until they run out or the answer begins, and waits for the other side to close. */
export function trickle(to: Peer, pieces: Iterator<string>, every_ms: number): SlowConnection {
  return slowConnection(to, {
    every_ms,
    takes: 'at once',
    step(socket, { status }) {
      const piece = status === null ? pieces.next() : null;
      if (piece === null || piece.done) return false;
      socket.write(piece.value);
      return true;
    },
  });
}

/** Sends a request and reads at most so many bytes of its answer at a time; leaves after so many times. */
export function readSlowly(
  to: Peer,
  request: string,
  { bytes, every_ms, times }: { readonly bytes: number; readonly every_ms: number; readonly times: number },
): SlowConnection {
  let done = 0;
  return slowConnection(to, {
    every_ms,
    takes: 'in steps',
    step(socket, _, took) {
      if (done === 0) socket.write(request);
      else took((socket.read(bytes) ?? socket.read() ?? Buffer.alloc(0)) as Buffer);
      done += 1;
      if (done <= times) return true;
      socket.destroy();
      return false;
    },
  });
}

function slowConnection({ serverName, ...address }: Peer, { every_ms, takes, step }: Manner): SlowConnection {
  const socket =
    serverName === null
      ? connectPlain(address)
      : connectTls({ ...address, servername: serverName, rejectUnauthorized: false, secureContext });
  const progress: { status: number | null } = { status: null };
  let connected_ms: number | null = null;
  let opened = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const took = (data: Buffer): void => {
    const status = STATUS.exec(data.toString('latin1', 0, 12))?.[1];
    if (status !== undefined) progress.status ??= Number(status);
  };
  const next = (): void => {
    if (!step(socket, progress, took)) clearInterval(timer);
  };
  socket.once('connect', () => (connected_ms = performance.now()));
  socket.once(serverName === null ? 'connect' : 'secureConnect', () => {
    opened = true;
    if (takes === 'at once') socket.on('data', took);
    timer = setInterval(next, every_ms);
    next();
  });
  // Whatever the other side did, `close` follows.
  socket.on('error', () => undefined);
  const ended = new Promise<SlowEnd>((resolve) => {
    socket.once('close', () => {
      clearInterval(timer);
      const life_ms = connected_ms === null ? 0 : performance.now() - connected_ms;
      resolve({ opened, life_ms, status: progress.status, stopped });
    });
  });
  return {
    ended,
    stop() {
      stopped = true;
      socket.destroy();
    },
  };
}
