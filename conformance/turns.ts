import { cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

/** Quiet when so much time has passed. */
export const after =
  (duration_ms: number) =>
  (signal: AbortSignal): Promise<unknown> =>
    wait(duration_ms, undefined, { signal });

/** Idle and all time of the host's processors so far, ms. */
function processorTime(): { readonly idle: number; readonly all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((time) => Object.values(time))) };
}

/**
 * Quiet when the processors have time to spare, looked at every `every_ms`, or at the
 * latest after `longest_ms`: a slow machine gets its work more slowly, not all at once.
 */
export const whenIdle =
  ({
    share,
    every_ms,
    longest_ms,
  }: {
    readonly share: number;
    readonly every_ms: number;
    readonly longest_ms: number;
  }) =>
  async (signal: AbortSignal): Promise<void> => {
    const until = performance.now() + longest_ms;
    let before = processorTime();
    while (performance.now() < until) {
      await wait(every_ms, undefined, { signal });
      const now = processorTime();
      // The kernel counts in steps of about ten milliseconds; between two of them nothing can be said.
      if (now.all > before.all && now.idle - before.idle >= share * (now.all - before.all)) return;
      before = now;
    }
  };

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

  /**
   * Runs `work` when its turn has come. The turn ends with the work, or earlier when it
   * goes on quietly: as soon as `quiet` resolves, whose signal tells when the work has ended.
   */
  async take<T>(work: () => Promise<T>, quiet?: (signal: AbortSignal) => Promise<unknown>): Promise<T> {
    await this.#begin();
    const running = work();
    const over = new AbortController();
    const ended = running.then(
      () => undefined,
      () => undefined,
    );
    const turn = quiet ? Promise.race([ended, quiet(over.signal)]) : ended;
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
