/** How often a failing instance was tried, when it was left alone, and for how long. */

/** No gap between two tries of an instance in rotation is longer, ms: it gets a request each 200 ms. */
const IN_ROTATION_MS = 4_000;

export interface Ejection {
  /** Tries before the instance was left alone for the first time; null when it never was. */
  readonly failures: number | null;
  /** How long it was left alone, s, one entry for each time that ended with another try. */
  readonly pauses_s: readonly number[];
  /** Tries between two pauses: 1 is the single test request of a half-open circuit. */
  readonly testRequests: readonly number[];
}

/**
 * Reads the tries at an instance that fails all the time.
 *
 * @param tries_ms instants, ascending
 * @param until_ms how long it was watched; a pause that reaches up to there counts as being left alone, without a length
 */
export function readEjection(tries_ms: readonly number[], until_ms: number): Ejection {
  const groups: number[][] = [];
  for (const at_ms of tries_ms) {
    const last = groups.at(-1);
    const before_ms = last?.at(-1);
    if (last && before_ms !== undefined && at_ms - before_ms < IN_ROTATION_MS) last.push(at_ms);
    else groups.push([at_ms]);
  }
  const ended = groups.at(-1)?.at(-1);
  const leftAlone = groups.length > 1 || (ended !== undefined && until_ms - ended >= IN_ROTATION_MS);
  return {
    failures: leftAlone ? (groups[0]?.length ?? 0) : null,
    pauses_s: groups.slice(1).map((group, index) => ((group[0] ?? 0) - (groups[index]?.at(-1) ?? 0)) / 1000),
    testRequests: groups.slice(1).map((group) => group.length),
  };
}

/** Whether the instance was left alone after so many failures, each time for so long. nginx counts whole seconds: up to 2 s more. */
export function ejectedAfter({ failures, pauses_s }: Ejection, wanted: number, pause_s: number): boolean {
  return (
    failures === wanted && pauses_s.length > 0 && pauses_s.every((one) => one >= pause_s - 0.1 && one <= pause_s + 2)
  );
}

/** In words: `2 tries, then left alone for 10.4 s, 1 try, …`. */
export function describeEjection({ failures, pauses_s, testRequests }: Ejection): string {
  if (failures === null) return 'it stayed in rotation';
  const later = pauses_s.map(
    (pause_s, index) => `left alone for ${pause_s.toFixed(1)} s, ${testRequests[index] ?? 0} test`,
  );
  return [`${failures} failures`, ...later].join(', ');
}
