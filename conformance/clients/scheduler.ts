import type { StepContext } from './clock.ts';

/** Something that starts at a time of the schedule, whatever the others do. */
export interface TimelineEntry {
  readonly at_ms: number;
  /** Must return at once; what takes time goes on behind. */
  readonly start: () => void;
}

/**
 * Timers have whole milliseconds and fire up to one late, so the last stretch
 * before an entry is spent turning the event loop (input is still served).
 */
const LAST_STRETCH_MS = 1.2;

/**
 * Starts every entry at its time, in order of time (entries of the same time in
 * the given order). Open loop: a late entry never moves the later ones.
 *
 * @returns when the last entry was started, or the signal was aborted.
 */
export function runTimeline(entries: readonly TimelineEntry[], context: StepContext): Promise<void> {
  const queue = entries.toSorted((a, b) => a.at_ms - b.at_ms);
  const { clock, signal } = context;
  return new Promise((resolve) => {
    let next = 0;
    let timer: NodeJS.Timeout | undefined;
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      next = queue.length;
      resolve();
    };
    const turn = (): void => {
      let entry = queue[next];
      while (entry !== undefined && entry.at_ms <= clock.now_ms()) {
        next += 1;
        entry.start();
        entry = queue[next];
      }
      if (entry === undefined) {
        finish();
        return;
      }
      const wait_ms = entry.at_ms - clock.now_ms();
      if (wait_ms > LAST_STRETCH_MS) timer = setTimeout(turn, Math.max(1, Math.floor(wait_ms - 1)));
      else setImmediate(turn);
    };
    signal.addEventListener('abort', finish);
    if (signal.aborted) finish();
    else turn();
  });
}
