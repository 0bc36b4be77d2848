import { ClientError } from './errors.ts';
import type { HeaderList } from './protocol.ts';

/** Status line and fields of an answer, as they came. */
export interface ResponseHead {
  /** `1.0` or `1.1`. */
  readonly httpVersion: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderList;
}

/** What a parser reports while it reads. */
export interface ParserEvents {
  /** An interim answer (1xx but 101). */
  readonly interim: (head: ResponseHead) => void;
  readonly head: (head: ResponseHead) => void;
  readonly body: (piece: Buffer) => void;
  readonly trailers: (fields: HeaderList) => void;
}

type State = 'head' | 'fixed' | 'until-close' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'complete';

const HEAD_LIMIT_BYTES = 1024 * 1024;
const STATUS_LINE = /^HTTP\/(\d\.\d) (\d{3})(?: (.*))?$/;
const LF = 0x0a;
const CR = 0x0d;

/** All values of a field, comma lists taken apart, in lower case. */
export function listValues(headers: HeaderList, name: string): string[] {
  return headers
    .filter(([field]) => field.toLowerCase() === name)
    .flatMap(([, value]) => value.split(','))
    .map((value) => value.trim().toLowerCase())
    .filter((value) => value !== '');
}

/** Whether the sender of this answer keeps the connection (RFC 9112 §9.3). */
export function keepsConnection(head: ResponseHead): boolean {
  const options = listValues(head.headers, 'connection');
  if (options.includes('close')) return false;
  return head.httpVersion === '1.1' || options.includes('keep-alive');
}

/**
 * Reads one HTTP/1.1 answer out of a stream of bytes (RFC 9112): interim
 * answers, bodies by length, in chunks or up to the close, trailers. Lenient
 * where it does no harm (bare LF, folded fields), strict about framing.
 */
export class ResponseParser {
  readonly #method: string;
  readonly #events: ParserEvents;
  #state: State = 'head';
  #pending: Buffer = Buffer.alloc(0);
  #lines: string[] = [];
  #headBytes = 0;
  #left = 0;
  #head: ResponseHead | undefined;

  /** @param method of the request: an answer to HEAD has no body. */
  constructor(method: string, events: ParserEvents) {
    this.#method = method;
    this.#events = events;
  }

  get complete(): boolean {
    return this.#state === 'complete';
  }

  /** The final answer's head, once it was read. */
  get head(): ResponseHead | undefined {
    return this.#head;
  }

  /** Bytes that came after the end of the answer. */
  get rest(): Buffer {
    return this.complete ? this.#pending : Buffer.alloc(0);
  }

  /** @throws {ClientError} `BAD_RESPONSE` when this is no HTTP answer. */
  feed(piece: Buffer): void {
    let data = this.#pending.length === 0 ? piece : Buffer.concat([this.#pending, piece]);
    this.#pending = Buffer.alloc(0);
    while (data.length > 0 && !this.complete) {
      const used = this.#isBody() ? this.#takeBody(data) : this.#takeLine(data);
      if (used === 0) break;
      data = data.subarray(used);
    }
    this.#pending = data;
  }

  /**
   * The peer has closed its side.
   *
   * @throws {ClientError} `EMPTY_RESPONSE`, `BAD_RESPONSE` or `TRUNCATED_BODY` when the answer was not complete.
   */
  end(): void {
    if (this.#state === 'until-close') this.#state = 'complete';
    if (this.complete) return;
    if (this.#head !== undefined) {
      throw new ClientError('TRUNCATED_BODY', 'the peer closed the connection before the end of the body');
    }
    if (this.#lines.length === 0 && this.#pending.length === 0) {
      throw new ClientError('EMPTY_RESPONSE', 'the peer closed the connection without an answer');
    }
    throw new ClientError('BAD_RESPONSE', 'the peer closed the connection within the head of its answer');
  }

  #isBody(): boolean {
    return this.#state === 'fixed' || this.#state === 'chunk-data' || this.#state === 'until-close';
  }

  #takeBody(data: Buffer): number {
    const piece = this.#state === 'until-close' ? data : data.subarray(0, this.#left);
    this.#left -= piece.length;
    const finished = this.#left === 0 && this.#state !== 'until-close';
    if (finished) this.#state = this.#state === 'fixed' ? 'complete' : 'chunk-end';
    this.#events.body(piece);
    return piece.length;
  }

  #takeLine(data: Buffer): number {
    const end = data.indexOf(LF);
    if (end < 0) {
      if (this.#headBytes + data.length > HEAD_LIMIT_BYTES) throw bad('its head is longer than 1 MiB');
      return 0;
    }
    const line = data.toString('latin1', 0, end > 0 && data[end - 1] === CR ? end - 1 : end);
    if (this.#state === 'head' || this.#state === 'trailers') {
      this.#headBytes += end + 1;
      if (this.#headBytes > HEAD_LIMIT_BYTES) throw bad('its head is longer than 1 MiB');
    }
    this.#onLine(line);
    return end + 1;
  }

  #onLine(line: string): void {
    if (this.#state === 'chunk-size') this.#onChunkSize(line);
    else if (this.#state === 'chunk-end') {
      if (line !== '') throw bad('a chunk is longer than it says');
      this.#state = 'chunk-size';
    } else if (line === '') this.#onBlankLine();
    else {
      // Told by the first line already, so that another protocol is not read for ever.
      if (this.#state === 'head' && this.#lines.length === 0 && !STATUS_LINE.test(line)) {
        throw bad(`it begins with ${JSON.stringify(line.slice(0, 60))}`);
      }
      this.#lines.push(line);
    }
  }

  #onChunkSize(line: string): void {
    const digits = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(line)?.[1];
    if (digits === undefined) throw bad(`${JSON.stringify(line.slice(0, 60))} is no chunk size`);
    this.#left = Number.parseInt(digits, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk-data';
    this.#lines = [];
  }

  #onBlankLine(): void {
    if (this.#state === 'trailers') {
      this.#state = 'complete';
      if (this.#lines.length > 0) this.#events.trailers(parseFields(this.#lines));
      return;
    }
    // Blank lines before a status line are to be skipped.
    if (this.#lines.length === 0) return;
    const head = parseHead(this.#lines);
    this.#lines = [];
    if (head.status >= 100 && head.status < 200 && head.status !== 101) {
      this.#events.interim(head);
      return;
    }
    this.#head = head;
    this.#state = this.#frame(head);
    this.#events.head(head);
  }

  /** How the body is delimited (RFC 9112 §6.3). */
  #frame(head: ResponseHead): State {
    const noBody = this.#method === 'HEAD' || head.status === 101 || head.status === 204 || head.status === 304;
    if (noBody) return 'complete';
    const codings = listValues(head.headers, 'transfer-encoding');
    if (codings.length > 0) return codings.at(-1) === 'chunked' ? 'chunk-size' : 'until-close';
    const lengths = new Set(listValues(head.headers, 'content-length'));
    if (lengths.size === 0) return 'until-close';
    const [length] = lengths;
    if (lengths.size > 1 || length === undefined || !/^\d{1,15}$/.test(length)) {
      throw bad(`Content-Length is ${JSON.stringify([...lengths].join(', '))}`);
    }
    this.#left = Number(length);
    return this.#left === 0 ? 'complete' : 'fixed';
  }
}

function bad(what: string): ClientError {
  return new ClientError('BAD_RESPONSE', `the answer is not HTTP/1.1: ${what}`);
}

function parseHead(lines: readonly string[]): ResponseHead {
  const [, httpVersion, status, statusText] = STATUS_LINE.exec(lines[0] ?? '') ?? [];
  if (httpVersion === undefined || status === undefined) throw bad('it has no status line');
  return { httpVersion, status: Number(status), statusText: statusText ?? '', headers: parseFields(lines.slice(1)) };
}

function parseFields(lines: readonly string[]): HeaderList {
  const fields: [string, string][] = [];
  for (const line of lines) {
    const last = fields.at(-1);
    if (/^[ \t]/.test(line) && last !== undefined) {
      last[1] = `${last[1]} ${line.trim()}`;
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) throw bad(`${JSON.stringify(line.slice(0, 60))} is no field`);
    fields.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  return fields;
}
