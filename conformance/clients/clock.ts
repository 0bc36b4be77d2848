/** Milliseconds since the start of one schedule, on the monotonic clock of this process. */
export class ScheduleClock {
  #origin_ms = performance.now();

  /** Makes this moment the zero of the schedule. */
  start(): void {
    this.#origin_ms = performance.now();
  }

  /** Milliseconds since the start, with microsecond resolution. */
  now_ms(): number {
    return performance.now() - this.#origin_ms;
  }
}

/** What every step of a schedule needs besides its own description. */
export interface StepContext {
  readonly clock: ScheduleClock;
  /** Aborted when the schedule is cancelled: what runs is dropped. */
  readonly signal: AbortSignal;
}

/**
 * Waits for a promise, but no longer than `limit_ms`.
 *
 * @returns true when the promise was settled in time.
 */
export async function settledWithin(promise: Promise<unknown>, limit_ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limit_ms);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([settled, late]);
  clearTimeout(timer);
  return inTime;
}
