import { constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { BodySink } from './body-sink.ts';
import type { StepContext } from './clock.ts';
import { cancelled, ClientError, timedOut } from './errors.ts';
import { h2Code, h2Failure } from './h2-errors.ts';
import { authorityOf, bodyLength, bodyPieces, hasField } from './http1-request.ts';
import { emptyHttp } from './observations.ts';
import type { Draft } from './observations.ts';
import { Pacer } from './pacer.ts';
import type { HeaderList, HttpObservation, HttpStep } from './protocol.ts';

/** A flat list of names and values → pairs, without pseudo-header fields. */
function pairs(flat: readonly string[] | undefined): HeaderList {
  const list: [string, string][] = [];
  for (let i = 0; flat !== undefined && i + 1 < flat.length; i += 2) {
    const [name, value] = [flat[i] ?? '', flat[i + 1] ?? ''];
    if (!name.startsWith(':')) list.push([name, value]);
  }
  return list;
}

/** The header list of a request, order and duplicates kept; Host becomes `:authority`. */
export function h2RequestHeaders(step: HttpStep): string[] {
  const { request, target } = step;
  const given = request.headers ?? [];
  const host = given.find(([name]) => name.toLowerCase() === 'host')?.[1];
  const flat = [
    ...[':method', request.method],
    ...[':scheme', target.tls === undefined ? 'http' : 'https'],
    ...[':authority', host ?? authorityOf(target)],
    ...[':path', request.path],
  ];
  for (const [name, value] of given) {
    if (name.toLowerCase() !== 'host') flat.push(name.toLowerCase(), value);
  }
  const length = bodyLength(request);
  if (length !== undefined && request.chunked !== true && !hasField(given, 'content-length')) {
    flat.push('content-length', String(length));
  }
  return flat;
}

/** One request and its answer as a stream of a session. */
export class H2Exchange {
  readonly observation: Draft<HttpObservation>;
  /** Settled when the answer is complete or has failed; never rejects. */
  readonly finished: Promise<void>;
  readonly #step: HttpStep;
  readonly #context: StepContext;
  readonly #sink: BodySink;
  readonly #done = Promise.withResolvers<void>();
  readonly #interim: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #stream: ClientHttp2Stream | undefined;
  #pacer: Pacer | undefined;
  #ended = false;
  #settled = false;
  readonly #onAbort = (): void => this.#fail(cancelled());

  /** Sends the request at once. */
  constructor(step: HttpStep, session: ClientHttp2Session, context: StepContext) {
    this.#step = step;
    this.#context = context;
    this.#sink = new BodySink(step.keepBody);
    this.observation = { ...emptyHttp(step, { done_ms: 0 }), httpVersion: '2' };
    this.finished = this.#done.promise;
    // On a shared session a step waits for nobody either, so its time always counts from when it was due.
    const limit_ms = Math.max(1, step.timeout_ms - (context.clock.now_ms() - step.at_ms));
    this.#timer = setTimeout(() => this.#fail(timedOut('answer', step.timeout_ms)), limit_ms);
    context.signal.addEventListener('abort', this.#onAbort);
    try {
      this.#begin(session);
    } catch (error) {
      // Node refuses some fields (Connection, for one) before anything is sent.
      this.#fail(error);
    }
  }

  #begin(session: ClientHttp2Session): void {
    const { request } = this.#step;
    const stream = session.request(h2RequestHeaders(this.#step), { endStream: request.body === undefined });
    this.#stream = stream;
    this.#listen(stream);
    // Node collects frames and writes them in the next turn of its loop.
    setImmediate(() => {
      if (!stream.destroyed || this.observation.status !== null)
        this.observation.sent_ms ??= this.#context.clock.now_ms();
    });
    if (request.body !== undefined) void this.#sendBody(stream);
  }

  #listen(stream: ClientHttp2Stream): void {
    const rate = this.#step.readRate_bytesPerS;
    const take = (piece: Buffer): void => this.#sink.add(piece);
    this.#pacer = rate === undefined ? undefined : new Pacer(stream, rate, take);
    stream.on('response', (head, _flags, raw?: readonly string[]) =>
      this.#onResponse(Number(head[':status']), pairs(raw)),
    );
    stream.on('headers', (head) => this.#interim.push(Number(head[':status'])));
    stream.on('trailers', (_fields, _flags, raw?: readonly string[]) => (this.observation.trailers = pairs(raw)));
    stream.on('data', (piece: Buffer) => (this.#pacer === undefined ? take(piece) : this.#pacer.push(piece)));
    stream.on('end', () => {
      this.#ended = this.observation.status !== null;
      // A body that still goes up does not keep a finished answer from being one.
      if (this.#ended && (stream.rstCode ?? 0) === constants.NGHTTP2_NO_ERROR) setImmediate(() => this.#settle());
    });
    stream.on('error', (error: unknown) => this.#fail(error));
    stream.on('close', () => this.#onClose(stream.rstCode ?? constants.NGHTTP2_NO_ERROR));
  }

  #onResponse(status: number, headers: HeaderList): void {
    this.observation.firstByte_ms = this.#context.clock.now_ms();
    this.observation.status = status;
    this.observation.headers = headers;
  }

  #onClose(rstCode: number): void {
    this.#pacer?.flush();
    if (rstCode !== constants.NGHTTP2_NO_ERROR && !this.#ended) {
      this.#fail(new ClientError(h2Code(rstCode), `the peer reset the stream: ${h2Code(rstCode)}`));
    } else if (this.observation.status === null) {
      this.#fail(new ClientError('EMPTY_RESPONSE', 'the stream was closed without an answer'));
    } else if (this.#ended) this.#settle();
    else this.#fail(new ClientError('TRUNCATED_BODY', 'the stream was closed before the end of the body'));
  }

  async #sendBody(stream: ClientHttp2Stream): Promise<void> {
    for (const piece of bodyPieces(this.#step.request)) {
      if (stream.destroyed || !stream.writable || this.#ended) return;
      if (!stream.write(piece)) await drainOrClose(stream);
    }
    if (!stream.destroyed) stream.end();
  }

  #fail(error: unknown): void {
    const { code, message } = h2Failure(error);
    this.#settle({ code, message });
  }

  #settle(error?: { code: string; message: string }): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#context.signal.removeEventListener('abort', this.#onAbort);
    this.#pacer?.stop();
    if (this.#stream?.destroyed === false) this.#stream.close(constants.NGHTTP2_CANCEL);
    Object.assign(this.observation, {
      done_ms: this.#context.clock.now_ms(),
      ...(this.#interim.length === 0 ? {} : { interim: this.#interim }),
      ...this.#sink.result(),
      ...(error === undefined ? {} : { error }),
    });
    this.#done.resolve();
  }
}

function drainOrClose(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      stream.off('drain', finish).off('close', finish);
      resolve();
    };
    stream.on('drain', finish).on('close', finish);
  });
}
