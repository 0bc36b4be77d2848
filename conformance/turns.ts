import { setTimeout as wait } from 'node:timers/promises';

/**
 * Lets a few pieces of work of this process run at a time, in the order in which
 * they asked. What shares a machine slows each other down: bursts of requests are
 * stretched, and the size of a stretched burst cannot be told.
 */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atATime: number) {
    this.#free = atATime;
  }

  /** Runs `work` when its turn has come; the turn ends with the work, or after `longest_ms` when it goes on quietly. */
  async take<T>(work: () => Promise<T>, longest_ms = Number.POSITIVE_INFINITY): Promise<T> {
    await this.#begin();
    const running = work();
    const over = new AbortController();
    const ended = running.then(
      () => undefined,
      () => undefined,
    );
    const turn = Number.isFinite(longest_ms)
      ? Promise.race([ended, wait(longest_ms, undefined, { signal: over.signal })])
      : ended;
    void turn.catch(() => undefined).finally(() => this.#end());
    void ended.finally(() => over.abort());
    return running;
  }

  async #begin(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #end(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
