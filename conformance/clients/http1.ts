import type { StepContext } from './clock.ts';
import { ClientError, toFailure } from './errors.ts';
import type { HttpConnection } from './http-connection.ts';
import { Http1Exchange } from './http1-exchange.ts';
import { emptyHttp } from './observations.ts';
import type { Draft } from './observations.ts';
import type { HttpObservation, HttpStep } from './protocol.ts';
import { openSocket, tlsMember } from './socket.ts';
import type { OpenSocket } from './socket.ts';

/** A server that announced the close gets this long to do it before the observation says it did not. */
const CLOSE_WAIT_MS = 300;

interface Waiting {
  readonly step: HttpStep;
  readonly resolve: (observation: HttpObservation) => void;
}

/**
 * An HTTP/1.1 client connection of our own, because header order, repeated
 * fields, raw paths and broken answers must stay as they are. No pipelining:
 * the next request goes out when the answer before it is complete.
 */
export class Http1Connection implements HttpConnection {
  readonly #opened: OpenSocket;
  readonly #context: StepContext;
  readonly #queue: Waiting[] = [];
  #current: (Waiting & { readonly exchange: Http1Exchange }) | undefined;
  #lastAnswered: Draft<HttpObservation> | undefined;
  #unusable: ClientError | undefined;
  #closedHere = false;
  readonly #peerClosed = Promise.withResolvers<void>();

  /** Takes over a socket whose handshakes are done. */
  constructor(opened: OpenSocket, context: StepContext) {
    this.#opened = opened;
    this.#context = context;
    opened.socket
      .on('data', (piece: Buffer) => this.#onData(piece))
      .on('end', () => this.#onPeerEnd())
      .on('error', (error: unknown) => this.#onError(error))
      .on('close', () => this.#onError(new ClientError('CONNECTION_CLOSED', 'the connection was closed')));
  }

  /**
   * Opens a connection for this step (and those that share it).
   *
   * @throws {ClientError} when TCP or TLS fails.
   */
  static async open(step: HttpStep, context: StepContext, timeout_ms: number): Promise<Http1Connection> {
    const { target, from } = step;
    const opened = await openSocket({ target, from, timeout_ms, signal: context.signal, alpn: ['http/1.1'] });
    return new Http1Connection(opened, context);
  }

  get ready(): boolean {
    return this.#current === undefined && this.#unusable === undefined;
  }

  request(step: HttpStep): Promise<HttpObservation> {
    const { promise, resolve } = Promise.withResolvers<HttpObservation>();
    this.#queue.push({ step, resolve });
    if (this.#current === undefined) this.#next();
    return promise;
  }

  close(): void {
    this.#unusable ??= new ClientError('CONNECTION_CLOSED', 'this side closed the connection');
    this.#closedHere = true;
    this.#opened.socket.destroy();
  }

  #next(): void {
    const waiting = this.#queue.shift();
    if (waiting === undefined) return;
    if (this.#unusable !== undefined) {
      const at = {
        done_ms: this.#context.clock.now_ms(),
        localPort: this.#opened.localPort,
        ...tlsMember(this.#opened),
      };
      waiting.resolve(emptyHttp(waiting.step, at, toFailure(this.#unusable)));
      this.#next();
      return;
    }
    const exchange = new Http1Exchange(waiting.step, this.#opened.socket, this.#context, () => void this.#onFinished());
    this.#current = { ...waiting, exchange };
    exchange.begin();
  }

  async #onFinished(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    const { exchange } = current;
    const { observation } = exchange;
    this.#lastAnswered = observation;
    if (!exchange.reusable) {
      this.#unusable ??= new ClientError(
        'CONNECTION_CLOSED',
        `the connection was not kept after step ${current.step.id}`,
      );
    }
    if (exchange.surplus.length > 0) this.#onSurplus(exchange.surplus);
    // What the peer announced, or has sent right behind the answer, is still on its way.
    if (exchange.closeAnnounced && !observation.closedByPeer) await this.#closeSeen();
    else if (observation.error === undefined) await new Promise(setImmediate);
    Object.assign(observation, tlsMember(this.#opened), { localPort: this.#opened.localPort });
    this.#current = undefined;
    if (this.#unusable !== undefined) this.close();
    current.resolve(observation);
    this.#next();
  }

  async #closeSeen(): Promise<void> {
    const timer = setTimeout(() => this.#peerClosed.resolve(), CLOSE_WAIT_MS);
    await this.#peerClosed.promise;
    clearTimeout(timer);
  }

  #onData(piece: Buffer): void {
    const exchange = this.#current?.exchange;
    if (exchange !== undefined && !this.#answered()) exchange.receive(piece);
    else this.#onSurplus(piece);
  }

  /** Whether the current exchange is over and only waits to be handed out. */
  #answered(): boolean {
    return this.#current !== undefined && this.#lastAnswered === this.#current.exchange.observation;
  }

  #onSurplus(piece: Buffer): void {
    const excerpt = JSON.stringify(piece.toString('latin1', 0, 60));
    this.#unusable = new ClientError('UNSOLICITED_DATA', `the peer sent bytes that no request asked for: ${excerpt}`);
  }

  #onPeerEnd(): void {
    const failure = this.#opened.writeFailure();
    if (failure !== undefined) {
      this.#onError(failure);
      return;
    }
    if (this.#current !== undefined && !this.#answered()) this.#current.exchange.peerEnded();
    this.#markClosed(new ClientError('CONNECTION_CLOSED', 'the peer had closed the connection'));
  }

  #onError(error: unknown): void {
    const failure = toFailure(error);
    if (this.#current !== undefined && !this.#answered()) this.#current.exchange.connectionFailed(error);
    this.#markClosed(new ClientError('CONNECTION_CLOSED', `the connection was lost: ${failure.code}`));
  }

  /** The peer's close belongs to the answer before it, also when it comes later. */
  #markClosed(reason: ClientError): void {
    if (this.#closedHere) return;
    if (this.#lastAnswered !== undefined) this.#lastAnswered.closedByPeer = true;
    this.#unusable ??= reason;
    this.#peerClosed.resolve();
  }
}
