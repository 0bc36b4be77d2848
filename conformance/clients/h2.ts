import { connect as connectH2 } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import type { StepContext } from './clock.ts';
import { cancelled, ClientError, timedOut, toFailure } from './errors.ts';
import { h2Code, h2Failure } from './h2-errors.ts';
import { H2Exchange } from './h2-exchange.ts';
import type { HttpConnection } from './http-connection.ts';
import { authorityOf } from './http1-request.ts';
import { emptyHttp } from './observations.ts';
import type { Draft } from './observations.ts';
import type { HttpObservation, HttpStep } from './protocol.ts';
import { openSocket, tlsMember } from './socket.ts';
import type { OpenSocket } from './socket.ts';

/** An HTTP/2 session; requests travel as concurrent streams. Without TLS: prior knowledge. */
export class H2Connection implements HttpConnection {
  readonly #session: ClientHttp2Session;
  readonly #opened: OpenSocket;
  readonly #context: StepContext;
  /** Answers given or under way: a GOAWAY is noted on the newest. */
  #newest: Draft<HttpObservation> | undefined;
  #goaway: ClientError | undefined;
  #closedHere = false;

  private constructor(session: ClientHttp2Session, opened: OpenSocket, context: StepContext) {
    this.#session = session;
    this.#opened = opened;
    this.#context = context;
    session.on('goaway', (code: number, lastStream: number) => {
      this.#goaway = new ClientError(h2Code(code), `the peer sent GOAWAY (${h2Code(code)}), last stream ${lastStream}`);
      this.#markClosed();
    });
    session.on('close', () => this.#markClosed());
    // Streams get the error too, each its own; here it only must not end the process.
    session.on('error', () => undefined);
  }

  /**
   * Opens a session for this step (and those that share it): TCP, TLS with ALPN
   * `h2`, and the peer's SETTINGS.
   *
   * @throws {ClientError} when one of these fails or is not done in time.
   */
  static async open(step: HttpStep, context: StepContext, timeout_ms: number): Promise<H2Connection> {
    const begun_ms = performance.now();
    const { target, from } = step;
    const opened = await openSocket({ target, from, timeout_ms, signal: context.signal, alpn: ['h2'] });
    const negotiated = opened.recorder?.seen()?.alpn;
    if (target.tls !== undefined && negotiated !== 'h2') {
      opened.socket.destroy();
      throw new ClientError('H2_NOT_NEGOTIATED', `ALPN ended with ${negotiated ?? 'no protocol'}, not h2`);
    }
    const scheme = target.tls === undefined ? 'http' : 'https';
    // The authority names no destination here, the socket is there already.
    const session = connectH2(`${scheme}://${authorityOf(target)}`, { createConnection: () => opened.socket });
    const connection = new H2Connection(session, opened, context);
    await settingsOf(session, Math.max(1, timeout_ms - (performance.now() - begun_ms)), context.signal);
    return connection;
  }

  get ready(): boolean {
    return !this.#session.closed && !this.#session.destroyed && this.#goaway === undefined;
  }

  async request(step: HttpStep): Promise<HttpObservation> {
    if (!this.ready) {
      const at = {
        done_ms: this.#context.clock.now_ms(),
        localPort: this.#opened.localPort,
        ...tlsMember(this.#opened),
      };
      const closed = new ClientError('CONNECTION_CLOSED', 'the peer had closed the HTTP/2 session');
      return emptyHttp(step, at, toFailure(this.#goaway ?? closed));
    }
    const exchange = new H2Exchange(step, this.#session, this.#context);
    this.#newest = exchange.observation;
    await exchange.finished;
    // A GOAWAY is often sent right behind the last answer.
    await new Promise(setImmediate);
    return Object.assign(exchange.observation, tlsMember(this.#opened), { localPort: this.#opened.localPort });
  }

  close(): void {
    this.#closedHere = true;
    this.#session.destroy();
    this.#opened.socket.destroy();
  }

  #markClosed(): void {
    if (!this.#closedHere && this.#newest !== undefined) this.#newest.closedByPeer = true;
  }
}

function settingsOf(session: ClientHttp2Session, limit_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: unknown): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      session.off('remoteSettings', onSettings).off('error', onError).off('close', onClose);
      if (error === undefined) {
        resolve();
        return;
      }
      session.destroy();
      reject(error);
    };
    const onSettings = (): void => finish();
    const onAbort = (): void => finish(cancelled());
    const onError = (error: unknown): void => {
      const failure = h2Failure(error);
      finish(new ClientError(failure.code, failure.message, { cause: error }));
    };
    const onClose = (): void =>
      finish(new ClientError('CONNECTION_CLOSED', 'the peer closed the connection before its HTTP/2 SETTINGS'));
    const timer = setTimeout(() => finish(timedOut('HTTP/2 SETTINGS', limit_ms)), limit_ms);
    signal.addEventListener('abort', onAbort);
    session.on('remoteSettings', onSettings).on('error', onError).on('close', onClose);
  });
}
