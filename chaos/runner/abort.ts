/** Ending work early. */

/**
 * Waits for some work or for an abort, whatever comes first. After an abort the work
 * is left alone: it must be bounded by itself, and what it could still do is the
 * caller's to close.
 *
 * @throws Error "stopped: …" after an abort
 */
export async function untilAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new Error(`stopped: ${reasonOf(signal)}`));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  // What it says after the abort interests nobody any more.
  work.catch(() => undefined);
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function reasonOf(signal: AbortSignal): string {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason.message : String(reason);
}
