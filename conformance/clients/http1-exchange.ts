import type { Socket } from 'node:net';
import { BodySink } from './body-sink.ts';
import type { StepContext } from './clock.ts';
import { cancelled, ClientError, timedOut, toFailure } from './errors.ts';
import { keepsConnection, ResponseParser } from './http1-parser.ts';
import { bodyOnWire, expectsContinue, requestHead, requestOnWire } from './http1-request.ts';
import { emptyHttp } from './observations.ts';
import type { Draft } from './observations.ts';
import { Pacer } from './pacer.ts';
import { PieceWriter } from './piece-writer.ts';
import type { HttpObservation, HttpStep } from './protocol.ts';

/** How long a body waits for `100 Continue` before it goes anyway (RFC 9110 §10.1.1 asks for no endless wait). */
const CONTINUE_WAIT_MS = 1000;

/** One request and its answer on a connection that is free for it. */
export class Http1Exchange {
  readonly step: HttpStep;
  readonly #context: StepContext;
  readonly #parser: ResponseParser;
  readonly #sink: BodySink;
  readonly #writer: PieceWriter;
  readonly #pacer: Pacer | undefined;
  readonly #draft: Draft<HttpObservation>;
  readonly #finished: (exchange: Http1Exchange) => void;
  readonly #interim: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #continueTimer: NodeJS.Timeout | undefined;
  #settled = false;
  #bodySent = false;
  readonly #onAbort = (): void => this.fail(cancelled());

  /** @param finished called once, when the answer is complete or has failed. */
  constructor(step: HttpStep, socket: Socket, context: StepContext, finished: (exchange: Http1Exchange) => void) {
    this.step = step;
    this.#context = context;
    this.#finished = finished;
    this.#sink = new BodySink(step.keepBody);
    this.#writer = new PieceWriter(socket);
    this.#draft = { ...emptyHttp(step, { done_ms: 0, localPort: socket.localPort ?? null }) };
    this.#parser = new ResponseParser(step.request.method, {
      interim: (head) => this.#onInterim(head.status),
      head: () => this.#onHead(),
      body: (piece) => this.#sink.add(piece),
      trailers: (fields) => (this.#draft.trailers = fields),
    });
    if (step.readRate_bytesPerS !== undefined) {
      this.#pacer = new Pacer(socket, step.readRate_bytesPerS, (piece) => this.#parse(piece));
    }
  }

  /** Sends the request: its first bytes go to the kernel before this returns. */
  begin(): void {
    const { step } = this;
    // Alone on its connection, a step's time counts from when it was due; on a shared one, from its turn.
    const spent_ms = step.connection === undefined ? this.#context.clock.now_ms() - step.at_ms : 0;
    const limit_ms = Math.max(1, step.timeout_ms - spent_ms);
    this.#timer = setTimeout(() => this.fail(timedOut('answer', step.timeout_ms)), limit_ms);
    this.#context.signal.addEventListener('abort', this.#onAbort);
    const bodySent = (): void => {
      this.#bodySent = true;
    };
    if (expectsContinue(step.request)) {
      this.#writer.push([requestHead(step.request, step.target)]);
      this.#continueTimer = setTimeout(() => this.#sendBody(), CONTINUE_WAIT_MS);
    } else this.#writer.push(requestOnWire(step.request, step.target), bodySent);
    this.#draft.sent_ms = this.#context.clock.now_ms();
  }

  receive(piece: Buffer): void {
    if (this.#settled) return;
    this.#draft.firstByte_ms ??= this.#context.clock.now_ms();
    if (this.#pacer === undefined) this.#parse(piece);
    else this.#pacer.push(piece);
  }

  /** The peer has closed its side. */
  peerEnded(): void {
    this.#pacer?.flush();
    if (this.#settled) return;
    this.#draft.closedByPeer = true;
    try {
      this.#parser.end();
      this.#settle();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The connection broke: what has arrived of the answer is kept. */
  connectionFailed(error: unknown): void {
    this.#pacer?.flush();
    if (this.#settled) return;
    this.#draft.closedByPeer = true;
    this.fail(error);
  }

  /** Ends the exchange badly. */
  fail(error: unknown): void {
    const { code, message } = toFailure(error);
    this.#settle({ code, message });
  }

  /** Whether another request may follow on the connection. */
  get reusable(): boolean {
    const head = this.#parser.head;
    return (
      this.#draft.error === undefined &&
      head !== undefined &&
      head.status !== 101 &&
      keepsConnection(head) &&
      !this.#draft.closedByPeer &&
      this.#bodySent
    );
  }

  /** The answer is whole, and the peer said with it that it will close. */
  get closeAnnounced(): boolean {
    const head = this.#parser.head;
    return this.#draft.error === undefined && head !== undefined && head.status !== 101 && !keepsConnection(head);
  }

  /** Bytes that came after the end of the answer. */
  get surplus(): Buffer {
    return this.#parser.rest;
  }

  /** The observation; its `closedByPeer` may still be set by the connection. */
  get observation(): Draft<HttpObservation> {
    return this.#draft;
  }

  #parse(piece: Buffer): void {
    if (this.#settled) return;
    try {
      this.#parser.feed(piece);
      if (this.#parser.complete) this.#settle();
    } catch (error) {
      this.fail(
        error instanceof ClientError ? error : new ClientError('BAD_RESPONSE', String(error), { cause: error }),
      );
    }
  }

  #onInterim(status: number): void {
    this.#interim.push(status);
    // The first byte that counts is that of the final answer.
    this.#draft.firstByte_ms = null;
    if (status === 100) this.#sendBody();
  }

  #onHead(): void {
    this.#draft.firstByte_ms ??= this.#context.clock.now_ms();
    clearTimeout(this.#continueTimer);
    this.#continueTimer = undefined;
    // An answer before the end of the body makes the rest of it pointless.
    if (!this.#bodySent) this.#writer.stop();
  }

  #sendBody(): void {
    if (this.#continueTimer === undefined) return;
    clearTimeout(this.#continueTimer);
    this.#continueTimer = undefined;
    this.#writer.push(bodyOnWire(this.step.request), () => (this.#bodySent = true));
  }

  #settle(error?: { code: string; message: string }): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#continueTimer);
    this.#context.signal.removeEventListener('abort', this.#onAbort);
    this.#pacer?.stop();
    this.#writer.stop();
    const head = this.#parser.head;
    Object.assign(this.#draft, {
      done_ms: this.#context.clock.now_ms(),
      ...(head === undefined
        ? {}
        : { status: head.status, statusText: head.statusText, httpVersion: head.httpVersion, headers: head.headers }),
      ...(this.#interim.length === 0 ? {} : { interim: this.#interim }),
      ...this.#sink.result(),
      ...(error === undefined ? {} : { error }),
    });
    this.#finished(this);
  }
}
