import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { cancelled, ClientError, timedOut, toFailure, toHandshakeFailure } from './errors.ts';
import { readAfterFailedWrite } from './failed-write.ts';
import type { WriteFailure } from './failed-write.ts';
import type { Target, TlsSeen } from './protocol.ts';
import { connectOptions, TlsRecorder } from './tls.ts';

/** A connection with its handshakes done. */
export interface OpenSocket {
  readonly socket: Socket;
  readonly localPort: number | null;
  readonly recorder: TlsRecorder | undefined;
  /** How a write failed, if one did: the end of input after that is a reset. */
  readonly writeFailure: WriteFailure;
}

/** How to open a connection. */
export interface OpenOptions {
  readonly target: Target;
  /** Own address to send from. */
  readonly from: string;
  readonly timeout_ms: number;
  readonly signal: AbortSignal;
  /** ALPN names to offer unless the target names its own. */
  readonly alpn: readonly string[];
  /** Do not begin to read (a TLS handshake reads what it needs all the same). */
  readonly paused?: boolean;
}

function dial(options: OpenOptions): { socket: Socket; recorder: TlsRecorder | undefined; readyEvent: string } {
  const { target, from } = options;
  // Half-open on purpose: a peer that closes its side while we still send must not end our side.
  const where = { host: target.address, port: target.port, localAddress: from, allowHalfOpen: true };
  if (target.tls === undefined) {
    const socket = connectTcp(where);
    if (options.paused === true) socket.pause();
    return { socket, recorder: undefined, readyEvent: 'connect' };
  }
  const socket = connectTls({ ...where, ...connectOptions(target.tls, options.alpn) });
  const recorder = new TlsRecorder(socket, target.tls.requestOcsp === true);
  return { socket, recorder, readyEvent: 'secureConnect' };
}

/**
 * Opens a connection, TLS included, from a given address.
 *
 * @throws {ClientError} with the code for the observation; nothing stays open then.
 */
export function openSocket(options: OpenOptions): Promise<OpenSocket> {
  return new Promise((resolve, reject) => {
    if (options.signal.aborted) {
      reject(cancelled());
      return;
    }
    let dialled: ReturnType<typeof dial>;
    try {
      dialled = dial(options);
    } catch (error) {
      const failure = toFailure(error);
      reject(new ClientError(failure.code, failure.message, { cause: error }));
      return;
    }
    const { socket, recorder, readyEvent } = dialled;
    let tcpUp = false;
    const finish = (failure?: ClientError): void => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
      socket.off('error', onError).off('close', onClose);
      // Whoever takes the socket over adds its own listener; without any, an error would end the process.
      socket.on('error', () => undefined);
      if (failure === undefined) {
        resolve({ socket, localPort: socket.localPort ?? null, recorder, writeFailure });
        return;
      }
      socket.destroy();
      reject(failure);
    };
    const onAbort = (): void => finish(cancelled());
    const onError = (error: unknown): void => {
      const failure = tcpUp && recorder !== undefined ? toHandshakeFailure(error) : toFailure(error);
      finish(new ClientError(failure.code, failure.message, { cause: error }));
    };
    const onClose = (): void =>
      finish(new ClientError('TLS_HANDSHAKE_CLOSED', 'the connection was closed before the handshake was done'));
    const timer = setTimeout(
      () => finish(timedOut(tcpUp ? 'TLS handshake' : 'TCP connection', options.timeout_ms)),
      options.timeout_ms,
    );
    options.signal.addEventListener('abort', onAbort);
    socket.setNoDelay(true);
    const writeFailure = readAfterFailedWrite(socket);
    socket.once('connect', () => (tcpUp = true));
    socket.on('error', onError).on('close', onClose);
    socket.once(readyEvent, () => {
      if (options.paused === true) socket.pause();
      recorder?.capture();
      finish();
    });
  });
}

/** The `tls` member of an observation, absent for plain TCP. */
export function tlsMember(opened: Pick<OpenSocket, 'recorder'> | undefined): { tls?: TlsSeen } {
  const seen = opened?.recorder?.seen();
  return seen === undefined ? {} : { tls: seen };
}
