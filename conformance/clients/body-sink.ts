import { createHash } from 'node:crypto';

/** Kept of a body unless a step says otherwise: 64 KiB. */
export const DEFAULT_KEEP_BYTES = 64 * 1024;

/** Takes a body piece by piece: keeps its beginning, counts and hashes all of it. */
export class BodySink {
  readonly #keep: number;
  readonly #hash = createHash('sha256');
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;
  #bytes = 0;

  /** @param keep how many bytes of the beginning to keep. */
  constructor(keep: number = DEFAULT_KEEP_BYTES) {
    this.#keep = keep;
  }

  add(piece: Buffer): void {
    this.#bytes += piece.length;
    this.#hash.update(piece);
    const room = this.#keep - this.#keptBytes;
    if (room <= 0 || piece.length === 0) return;
    // A copy: the piece may be a view of a large read buffer that would stay alive.
    const kept = Buffer.from(piece.subarray(0, room));
    this.#kept.push(kept);
    this.#keptBytes += kept.length;
  }

  /** The body's members of an observation; to be asked once, at the end. */
  result(): { body_base64: string; bodyBytes: number; bodySha256: string } {
    return {
      body_base64: Buffer.concat(this.#kept).toString('base64'),
      bodyBytes: this.#bytes,
      bodySha256: this.#hash.digest('hex'),
    };
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The kept beginning, base64. */
  get kept_base64(): string {
    return Buffer.concat(this.#kept).toString('base64');
  }
}
