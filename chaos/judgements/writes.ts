/** Writes under a fault: what clients were told against what the database holds. */

/** Idempotency keys, each in exactly one of the first four lists. */
export interface WriteAccount {
  /** Acknowledged and stored: as it should be. */
  readonly kept: readonly string[];
  /** Acknowledged and not stored: the promise that must never break. */
  readonly acknowledgedButLost: readonly string[];
  /** Neither: the client knows that it has to try again. */
  readonly lost: readonly string[];
  /** Stored though the client saw a failure: a repetition with the same key is harmless. */
  readonly storedUnacknowledged: readonly string[];
  /** Stored more than once. */
  readonly duplicated: readonly string[];
}

/**
 * Compares probes of a `write` series with the keys of all rows that their prefix finds.
 *
 * @param stored one entry a row
 */
export function accountWrites(
  probes: readonly { readonly ok: boolean; readonly key?: string }[],
  stored: readonly string[],
): WriteAccount {
  const rows = new Map<string, number>();
  for (const key of stored) rows.set(key, (rows.get(key) ?? 0) + 1);
  const keysOf = (acknowledged: boolean, present: boolean): string[] =>
    probes
      .filter(({ ok, key }) => key !== undefined && ok === acknowledged && rows.has(key) === present)
      .map(({ key }) => key ?? '');
  return {
    kept: keysOf(true, true),
    acknowledgedButLost: keysOf(true, false),
    lost: keysOf(false, false),
    storedUnacknowledged: keysOf(false, true),
    duplicated: [...rows].filter(([, count]) => count > 1).map(([key]) => key),
  };
}
