import { setTimeout as delay } from 'node:timers/promises';
import { HarnessError } from './errors.ts';

export interface WaitOptions {
  /** Upper bound, ms; the wait fails when it is reached. */
  readonly limit_ms: number;
  /** Pause between looks, ms. */
  readonly every_ms?: number;
  /** Text for the failure: what the last look saw. */
  readonly lastSeen?: () => string;
  /** What helps when the bound is reached. */
  readonly remedy?: string;
}

/**
 * Waits until `look` answers something other than `undefined` or `false`.
 * Every wait has a name and a bound, so that a hang explains itself.
 *
 * @throws {HarnessError} when the bound is reached; an exception of `look` is passed on.
 */
export async function waitFor<T>(
  name: string,
  look: () => Promise<T | undefined | false>,
  options: WaitOptions,
): Promise<T> {
  const started = performance.now();
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() - started > options.limit_ms) {
      const last = options.lastSeen?.() ?? 'nothing';
      throw new HarnessError(
        `waited ${String(options.limit_ms)} ms for ${name}; last seen: ${last}`,
        options.remedy ?? 'look at the log of the service in the folder of the run (raw/)',
      );
    }
    await delay(options.every_ms ?? 50);
  }
}
