/** One HTTP/1.1 connection that carries one request at a time. */
import type { Socket } from 'node:net';

import { AnswerReader, memberOf } from './answer.ts';
import type { Answer } from './answer.ts';
import { connect } from './connect.ts';
import type { Endpoint, ProbeEnd } from './protocol.ts';

/** What became of a request: an answer, or why there is none. */
export type ExchangeEnd = Answer | { readonly failure: string };

interface Exchange {
  readonly reader: AnswerReader;
  readonly done: (end: ExchangeEnd) => void;
  readonly timer: NodeJS.Timeout;
}

export class HttpConnection {
  readonly #socket: Socket;
  readonly #onGone: () => void;
  #opened = false;
  #request = '';
  #current: Exchange | null = null;
  #answers = 0;
  #gone = false;

  /** Starts to connect; `onGone` is called once, when the connection can carry nothing any more. */
  constructor(endpoint: Endpoint, from: string | undefined, onGone: () => void = () => undefined) {
    this.#onGone = onGone;
    this.#socket = connect(endpoint, from, () => {
      this.#opened = true;
      this.#socket.write(this.#request);
    });
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.once('end', () => this.#onEnd());
    this.#socket.once('close', () => this.#onEnd());
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
  }

  get busy(): boolean {
    return this.#current !== null;
  }

  /** Sends when the connection is open; calls back exactly once, at the latest when the time is over. */
  send(request: string, timeout_ms: number, done: (end: ExchangeEnd) => void): void {
    const reader = new AnswerReader();
    const timer = setTimeout(() => this.#fail(reader.empty ? 'timeout' : 'timeout-in-answer'), timeout_ms);
    this.#current = { reader, done, timer };
    if (this.#opened) this.#socket.write(request);
    else this.#request = request;
  }

  /** Gives the connection up; a request under way gets no answer and no call back. */
  destroy(): void {
    this.#settle();
    this.#leave();
  }

  #read(chunk: Buffer): void {
    // Nobody asked (a 408, say): what follows could not be told from an answer.
    if (this.#current === null) this.#leave();
    else this.#judge(this.#current, this.#current.reader.push(chunk));
  }

  #onEnd(): void {
    if (this.#current) this.#judge(this.#current, this.#current.reader.read(true));
    this.#leave();
  }

  #judge({ reader, done }: Exchange, seen: Answer | 'incomplete' | 'truncated'): void {
    if (seen === 'incomplete') return;
    if (seen === 'truncated') {
      this.#fail(reader.empty ? 'closed-without-answer' : 'truncated');
      return;
    }
    this.#settle();
    this.#answers += 1;
    if (!seen.persistent || seen.rest !== '') this.#leave();
    done(seen);
  }

  #fail(kind: string): void {
    const exchange = this.#settle();
    this.#leave();
    exchange?.done({ failure: this.#answers > 0 ? `${kind}-reused` : kind });
  }

  #settle(): Exchange | null {
    const exchange = this.#current;
    if (exchange) clearTimeout(exchange.timer);
    this.#current = null;
    return exchange;
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#socket.destroy();
    this.#onGone();
  }
}

/** One request on a new connection. */
export function sendOnce(
  endpoint: Endpoint,
  from: string | undefined,
  request: string,
  timeout_ms: number,
  done: (end: ExchangeEnd) => void,
): void {
  const connection = new HttpConnection(endpoint, from);
  connection.send(request, timeout_ms, (end) => {
    connection.destroy();
    done(end);
  });
}

/** A probe from what became of its request. */
export function probeEnd(
  series: { readonly expect: readonly number[]; readonly servedByMember?: string },
  end: ExchangeEnd,
): ProbeEnd {
  if ('failure' in end) return { ok: false, kind: end.failure };
  const servedBy = memberOf(end.body, series.servedByMember);
  return {
    ok: series.expect.includes(end.status),
    kind: `status-${end.status}`,
    ...(servedBy === undefined ? {} : { servedBy }),
  };
}
