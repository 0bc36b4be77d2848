/** What the latest run said about each claim, when there is one. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord, Verdict } from '../reports/record/types.ts';
import { RUNS_DIR } from './run/run-folder.ts';
import { listRunFolders } from './runs.ts';

/** Verdicts of the newest run of an environment that has a record, and was made with the variants' own configurations. */
export interface LastVerdicts {
  /** Name of the run; null when there is none. */
  readonly run: string | null;
  /** Variant → verdict; empty when the run did not plan the claim. */
  of(claim: string): Readonly<Record<string, Verdict>>;
}

/** Reads the newest record of an environment; a broken record is passed over. */
export function lastVerdicts(environment: string, root = RUNS_DIR): LastVerdicts {
  for (const name of listRunFolders(root)) {
    const record = readRecord(join(root, name, 'record.json'));
    if (record?.run.environment !== environment || record.run.configuration !== undefined) continue;
    const claims = new Map<string, Record<string, Verdict>>();
    for (const variant of record.variants) {
      for (const { id, verdict } of variant.claims) {
        claims.set(id, { ...claims.get(id), [variant.name]: verdict });
      }
    }
    return { run: record.run.id, of: (claim) => claims.get(claim) ?? {} };
  }
  return { run: null, of: () => ({}) };
}

function readRecord(path: string): RunRecord | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RunRecord;
  } catch {
    return undefined;
  }
}
