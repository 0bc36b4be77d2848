/** The undo log: what must be undone is on disk, synced, before it is done. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import type { UndoAction } from './fault.ts';
import type { FaultHost } from './target.ts';

/** Name of the log in the run's folder. */
export const UNDO_LOG = 'undo.ndjson';

export interface UndoRecord {
  readonly id: string;
  readonly at: string;
  readonly runId: string;
  readonly fault: string;
  /** Done in this order. */
  readonly undo: readonly UndoAction[];
  readonly state: 'armed' | 'undone' | 'failed';
  /** Who wrote this line. */
  readonly by: 'runner' | 'watchdog';
  /** Why it failed. */
  readonly problem?: string;
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

/** All records of a run, oldest first; none when there is no log. */
export function undoRecords(runDir: string): UndoRecord[] {
  let text: string;
  try {
    text = readFileSync(join(runDir, UNDO_LOG), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  // A last line that was cut by a crash names a fault that was never injected.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as UndoRecord);
}

/** Records whose fault was armed and never undone, oldest first. */
export function pendingUndos(runDir: string): UndoRecord[] {
  const last = new Map(undoRecords(runDir).map((record) => [record.id, record]));
  return [...last.values()].filter((record) => record.state !== 'undone');
}

/** A step of an undo did not work. */
export class UndoFailed extends Error {
  constructor(action: UndoAction, told: string) {
    super(`${action.action} on ${action.service}: ${told}`);
    this.name = 'UndoFailed';
  }
}

/** Undoes what a record names, step by step; harmless when it is undone already. @throws UndoFailed NotOurs */
export async function applyUndo(host: FaultHost, actions: readonly UndoAction[]): Promise<void> {
  for (const action of actions) await applyAction(host, action);
}

async function applyAction(host: FaultHost, action: UndoAction): Promise<void> {
  const { containerId } = action;
  switch (action.action) {
    case 'start':
      return host.start(containerId);
    case 'unpause':
      return host.unpause(containerId);
    case 'connect':
      return host.connect(containerId, action.network, action.address);
    case 'limit':
      return host.limit(containerId, action.limits);
    case 'put':
      return host.put(containerId, action.path, action.content, action.mode);
    case 'exec':
    case 'network-exec': {
      const run = action.action === 'exec' ? host.exec : host.networkExec;
      const { exitCode, stderr } = await run.call(host, containerId, action.argv);
      if (exitCode !== 0) throw new UndoFailed(action, `ended with ${exitCode}: ${stderr.trim().slice(-300)}`);
    }
  }
}
