/** Bounded, named waiting. */
import { monotonic_ms } from '../../measurement/clock.ts';

const POLL_MS = 50;

/** A named wait that ended without what it waited for. */
export class WaitTimeout extends Error {
  constructor(what: string, timeout_ms: number) {
    super(`${what}: not within ${timeout_ms} ms`);
    this.name = 'WaitTimeout';
  }
}

/**
 * Asks again and again until the answer is neither null nor false, with a pause of `every_ms` in between.
 *
 * @throws WaitTimeout naming what was waited for
 */
export async function waitFor<T>(
  what: string,
  timeout_ms: number,
  ask: () => Promise<T | null | false> | T | null | false,
  every_ms = POLL_MS,
): Promise<T> {
  const deadline_ms = monotonic_ms() + timeout_ms;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== false) return answer;
    if (monotonic_ms() > deadline_ms) throw new WaitTimeout(what, timeout_ms);
    await pause(every_ms);
  }
}

/** What was waited for; null when it did not come in time. @throws whatever else the wait ended with */
export async function orNull<T>(waiting: Promise<T>): Promise<T | null> {
  try {
    return await waiting;
  } catch (error) {
    if (error instanceof WaitTimeout) return null;
    throw error;
  }
}

/** Lets a stated time pass: phases of faults and observation windows, never synchronisation. */
export function pause(duration_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration_ms));
}
