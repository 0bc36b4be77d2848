/** The undo log: what must be undone is on disk, synced, before it is done. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import type { UndoAction } from './fault.ts';
import { ours } from './target.ts';
import type { ChaosTarget } from './target.ts';

/** Name of the log in the run's folder. */
export const UNDO_LOG = 'undo.ndjson';

export interface UndoRecord {
  readonly id: string;
  readonly at: string;
  readonly runId: string;
  readonly fault: string;
  readonly undo: UndoAction;
  readonly state: 'armed' | 'undone' | 'failed';
}

/** Appends one record and waits until the disk has it. */
export function writeUndo(runDir: string, record: UndoRecord): void {
  mkdirSync(runDir, { recursive: true });
  const file = openSync(join(runDir, UNDO_LOG), 'a');
  try {
    writeSync(file, `${JSON.stringify(record)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Records whose fault was armed and never undone, oldest first; none when there is no log. */
export function pendingUndos(runDir: string): UndoRecord[] {
  let text: string;
  try {
    text = readFileSync(join(runDir, UNDO_LOG), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const last = new Map<string, UndoRecord>();
  // A last line that was cut by a crash names a fault that was never injected.
  for (const line of text.split('\n').slice(0, -1)) {
    const record = JSON.parse(line) as UndoRecord;
    last.set(record.id, record);
  }
  return [...last.values()].filter((record) => record.state !== 'undone');
}

/** Undoes what a record names; harmless when it is undone already. @throws NotOurs */
export async function applyUndo(target: ChaosTarget, { service }: UndoAction): Promise<void> {
  const state = await ours(target, service);
  if (!state.running) await target.start(service);
}
