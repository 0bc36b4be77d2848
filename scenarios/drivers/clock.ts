/** Time since a driver began. */
export interface Clock {
  /** Since then, ms. */
  now_ms(): number;
  /** Resolves at an instant of this clock, or at once when it is past. */
  until(due_ms: number): Promise<void>;
}

/** A clock that begins now; `performance.now()` does not jump. */
export function startClock(): Clock {
  const began_ms = performance.now();
  const now_ms = (): number => performance.now() - began_ms;
  return {
    now_ms,
    until: (due_ms) => new Promise((resolve) => setTimeout(resolve, Math.max(0, due_ms - now_ms()))),
  };
}
