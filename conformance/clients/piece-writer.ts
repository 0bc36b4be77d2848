import type { Writable } from 'node:stream';

/**
 * Writes pieces in order: the first one at once, each further one in a later
 * turn of the event loop and not before the stream has room. The pause lets an
 * early answer be read before the next write can fail and close the socket.
 */
export class PieceWriter {
  readonly #stream: Writable;
  readonly #waiting: { readonly pieces: Iterator<Buffer>; readonly written: (() => void) | undefined }[] = [];
  /** Fetched ahead, so that the last piece is known as such when it is written. */
  #ahead: Buffer | undefined;
  #busy = false;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Queues pieces; `written` is called when the last of them was handed to the stream. */
  push(pieces: Iterable<Buffer>, written?: () => void): void {
    this.#waiting.push({ pieces: pieces[Symbol.iterator](), written });
    if (this.#busy) return;
    this.#fetch();
    this.#turn();
  }

  /** Writes nothing more. */
  stop(): void {
    this.#ahead = undefined;
    this.#waiting.length = 0;
  }

  #turn(): void {
    this.#busy = false;
    const piece = this.#ahead;
    if (piece === undefined || this.#stream.destroyed) return;
    const flowing = this.#stream.write(piece);
    this.#fetch();
    if (this.#ahead === undefined) return;
    this.#busy = true;
    if (flowing) setImmediate(() => this.#turn());
    else this.#stream.once('drain', () => setImmediate(() => this.#turn()));
  }

  #fetch(): void {
    this.#ahead = undefined;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const next = first.pieces.next();
      if (next.done !== true) {
        this.#ahead = next.value;
        return;
      }
      this.#waiting.shift();
      first.written?.();
    }
  }
}
