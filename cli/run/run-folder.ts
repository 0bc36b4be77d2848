import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEvent } from '../../reports/record/events.ts';

/** Folder of all runs unless the user names another. */
export const RUNS_DIR = join(import.meta.dirname, '../../reports/runs');

/** The folder that a run leaves, and its journal. */
export interface RunFolder {
  readonly id: string;
  readonly dir: string;
  readonly journal: string;
  append(event: JournalEvent): void;
}

/** An identifier for a run: it sorts by time, and its tail is the process, so that two starts in one second differ. */
export function runIdOf(now: Date): string {
  return `${now.toISOString().replace(/[-:]/g, '').replace(/\..*$/, '').toLowerCase()}-${process.pid.toString(36)}`;
}

/** Makes the folder of a new run and points `latest` to it (not for a topology that is only brought up). */
export function createRunFolder(root: string, now: Date, kind: 'run' | 'up' = 'run'): RunFolder {
  const id = runIdOf(now);
  const dir = join(root, id);
  mkdirSync(join(dir, 'raw'), { recursive: true });
  const journal = join(dir, 'events.ndjson');
  if (kind === 'run') {
    writeFileSync(journal, '');
    const latest = join(root, 'latest');
    rmSync(latest, { force: true });
    symlinkSync(id, latest);
  }
  return {
    id,
    dir,
    journal,
    append: (event) => {
      appendFileSync(journal, `${JSON.stringify(event)}\n`);
    },
  };
}
