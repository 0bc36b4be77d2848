/**
 * Why a step ended badly, as an observation tells it. Codes:
 *
 * - errno names (`ECONNREFUSED`, `ECONNRESET`, `EADDRNOTAVAIL`, …) from the kernel;
 * - `TIMEOUT`: the step's own time was over; `CANCELLED`: the schedule was stopped;
 * - `TLS_ALERT_<NAME>`: the peer refused with this alert; `TLS_HANDSHAKE_CLOSED`: it closed
 *   in the handshake without one; `TLS_HANDSHAKE_FAILURE` and other `TLS_…`: our side gave up;
 * - `EMPTY_RESPONSE`, `TRUNCATED_BODY`, `BAD_RESPONSE`: how an HTTP/1.1 answer was broken;
 * - `CONNECTION_CLOSED`, `UNSOLICITED_DATA`: the shared connection was not usable for this step;
 * - `H2_<NAME>`: HTTP/2 stream or connection error, `H2_NOT_NEGOTIATED`: ALPN chose otherwise.
 */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** An error that already has its code for the observation. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The failure of a step that used up its time while doing `what`. */
export function timedOut(what: string, limit_ms: number): ClientError {
  return new ClientError('TIMEOUT', `${what}: not finished after ${Math.round(limit_ms)} ms`);
}

/** The failure of a step that was dropped because its schedule was stopped. */
export function cancelled(): ClientError {
  return new ClientError('CANCELLED', 'the schedule was stopped');
}

function textField(error: unknown, field: string): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, field);
  return typeof value === 'string' ? value : undefined;
}

/** `ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION` and its relatives → `TLS_ALERT_PROTOCOL_VERSION`. */
function tlsCode(code: string, reason: string | undefined): string | undefined {
  const name = (code.startsWith('ERR_SSL_') ? code.slice('ERR_SSL_'.length) : code === 'EPROTO' ? reason : undefined)
    ?.toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_');
  if (name === undefined || name === '') return code === 'EPROTO' ? 'TLS_HANDSHAKE_FAILURE' : undefined;
  const alert = /(?:^|_)ALERT_(.+)$/.exec(name)?.[1];
  return alert === undefined ? `TLS_${name}` : `TLS_ALERT_${alert}`;
}

/** Turns whatever was thrown or emitted into code and text. */
export function toFailure(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const code = textField(error, 'code');
  if (code === undefined) return { code: 'UNEXPECTED', message };
  return { code: tlsCode(code, textField(error, 'reason')) ?? code, message };
}

/** The same for an error before the end of a TLS handshake, where a bare close has a name of its own. */
export function toHandshakeFailure(error: unknown): Failure {
  const failure = toFailure(error);
  // Node reports a FIN in the handshake as ECONNRESET with this text; a true RST says `read ECONNRESET`.
  if (failure.code === 'ECONNRESET' && failure.message.includes('before secure TLS connection')) {
    return {
      code: 'TLS_HANDSHAKE_CLOSED',
      message: 'the peer closed the connection before the TLS handshake was done',
    };
  }
  return failure;
}
