const TURN_MS = 20;

/** What a pacer holds back. */
export interface Pausable {
  pause(): unknown;
  resume(): unknown;
}

/**
 * A slow reader: hands bytes on no faster than a rate, and keeps the source
 * paused meanwhile, so that the peer's buffers fill up.
 */
export class Pacer {
  readonly #source: Pausable;
  readonly #bytesPerMs: number;
  readonly #deliver: (piece: Buffer) => void;
  #backlog: Buffer[] = [];
  #timer: NodeJS.Timeout | undefined;
  #paidUntil_ms = performance.now();

  constructor(source: Pausable, rate_bytesPerS: number, deliver: (piece: Buffer) => void) {
    this.#source = source;
    this.#bytesPerMs = rate_bytesPerS / 1000;
    this.#deliver = deliver;
  }

  push(piece: Buffer): void {
    this.#backlog.push(piece);
    if (this.#timer !== undefined) return;
    this.#source.pause();
    this.#paidUntil_ms = Math.max(this.#paidUntil_ms, performance.now());
    this.#timer = setTimeout(() => this.#turn(), TURN_MS);
  }

  /** Hands on all that is held back, at once (the source has ended). */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const piece of this.#backlog.splice(0)) this.#deliver(piece);
  }

  /** Forgets what is held back. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#backlog = [];
  }

  #turn(): void {
    let allowed = Math.floor((performance.now() - this.#paidUntil_ms) * this.#bytesPerMs);
    this.#paidUntil_ms += allowed / this.#bytesPerMs;
    // Set for the next turn before delivering: whoever takes the bytes may stop this pacer.
    this.#timer = setTimeout(() => this.#turn(), TURN_MS);
    while (allowed > 0) {
      const piece = this.#backlog.shift();
      if (piece === undefined) break;
      if (piece.length > allowed) this.#backlog.unshift(piece.subarray(allowed));
      const due = piece.subarray(0, allowed);
      allowed -= due.length;
      this.#deliver(due);
    }
    if (this.#backlog.length > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#source.resume();
  }
}
