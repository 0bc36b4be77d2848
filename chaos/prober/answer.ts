/** Reading of one HTTP/1.1 answer as its bytes come (RFC 9112, section 6.3). */

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** As it was sent, the sizes of its chunks included. */
  readonly body: string;
  /** Bytes behind the answer (latin1): after 101 they belong to the new protocol. */
  readonly rest: string;
  /** The connection can carry another request. */
  readonly persistent: boolean;
}

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** Where the body begins in the text. */
  readonly end: number;
}

const HEAD_END = '\r\n\r\n';
const WITHOUT_BODY: ReadonlySet<number> = new Set([101, 204, 304]);

/** Takes the bytes of one answer; says what is there so far. */
export class AnswerReader {
  #text = '';
  #head: Head | null = null;
  /** Where the next chunk begins. */
  #chunkAt = 0;

  get empty(): boolean {
    return this.#text === '';
  }

  push(chunk: Buffer): Answer | 'incomplete' | 'truncated' {
    this.#text += chunk.toString('latin1');
    return this.read(false);
  }

  /** The answer if all of it has come; `closed`: nothing more will come. */
  read(closed: boolean): Answer | 'incomplete' | 'truncated' {
    const missing = closed ? 'truncated' : 'incomplete';
    this.#head ??= this.#readHead();
    if (this.#head === null) return missing;
    const { status, headers, end } = this.#head;
    if (!Number.isInteger(status)) return 'truncated';
    const bodyEnd = this.#bodyEnd(this.#head, closed);
    if (bodyEnd === null) return missing;
    return {
      status,
      headers,
      body: this.#text.slice(end, bodyEnd.at),
      rest: this.#text.slice(bodyEnd.at),
      persistent: bodyEnd.framed && headers.get('connection')?.toLowerCase() !== 'close',
    };
  }

  /** Interim answers (100, 103) are skipped. */
  #readHead(): Head | null {
    for (let from = 0; ;) {
      const at = this.#text.indexOf(HEAD_END, from);
      if (at < 0) return null;
      const [statusLine = '', ...fields] = this.#text.slice(from, at).split('\r\n');
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
      from = at + HEAD_END.length;
      if (status >= 100 && status < 200 && status !== 101) continue;
      this.#chunkAt = from;
      return { status, headers: new Map(fields.map(field)), end: from };
    }
  }

  /** Null while bytes are missing; `framed` unless only the end of the connection ends the body. */
  #bodyEnd({ status, headers, end }: Head, closed: boolean): { readonly at: number; readonly framed: boolean } | null {
    if (WITHOUT_BODY.has(status)) return { at: end, framed: true };
    if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') {
      const at = this.#lastChunkEnd();
      return at === null ? null : { at, framed: true };
    }
    const length = headers.get('content-length');
    if (length !== undefined) {
      const at = end + Number(length);
      return this.#text.length >= at ? { at, framed: true } : null;
    }
    return closed ? { at: this.#text.length, framed: false } : null;
  }

  #lastChunkEnd(): number | null {
    for (;;) {
      const lineEnd = this.#text.indexOf('\r\n', this.#chunkAt);
      if (lineEnd < 0) return null;
      const size = parseInt(this.#text.slice(this.#chunkAt, lineEnd), 16);
      if (size === 0) {
        // Without trailers, as gateways send it, the empty line follows at once.
        const trailersEnd = this.#text.indexOf(HEAD_END, lineEnd);
        return trailersEnd < 0 ? null : trailersEnd + HEAD_END.length;
      }
      const next = lineEnd + 2 + size + 2;
      if (!(next <= this.#text.length)) return null;
      this.#chunkAt = next;
    }
  }
}

function field(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
}

/** A text member of a JSON text; parsing all of it would make the prober late. */
export function memberOf(text: string, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const at = text.indexOf(`"${name}":"`);
  if (at < 0) return undefined;
  const from = at + name.length + 4;
  return text.slice(from, text.indexOf('"', from));
}
