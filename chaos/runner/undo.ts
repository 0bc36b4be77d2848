/** The undo log: what must be undone is on disk, synced, before it is done. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { isStatus } from '../../environments/harness/docker.ts';
import type { ExecResult } from '../../environments/harness/types.ts';
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
  const path = join(runDir, UNDO_LOG);
  const fresh = !existsSync(path);
  synced(path, 'a', (file) => writeSync(file, `${JSON.stringify(record)}\n`));
  // A new file is on the disk when its folder is.
  if (fresh) synced(runDir, 'r', () => undefined);
}

function synced(path: string, flags: 'a' | 'r', use: (file: number) => void): void {
  const file = openSync(path, flags);
  try {
    use(file);
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
class UndoFailed extends Error {
  constructor(action: UndoAction, told: string) {
    super(`${action.action} on ${action.service}: ${told}`);
    this.name = 'UndoFailed';
  }
}

/**
 * Undoes what a record names, step by step; harmless when it is undone already. A step
 * that fails does not keep the others from being taken. What a removed container
 * suffered is gone with it.
 *
 * @throws the failure of the first step that failed: UndoFailed, NotOurs, or the engine's own
 */
export async function applyUndo(host: FaultHost, actions: readonly UndoAction[]): Promise<void> {
  const failures: unknown[] = [];
  for (const action of actions) {
    try {
      await applyAction(host, action);
    } catch (error) {
      if (!isStatus(error, 404)) failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
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
    case 'network-exec':
      // A container that ended took its network namespace with it, and all that was changed in there.
      if (!(await host.inspect(containerId)).running) return;
      return run(action, (argv) => host.networkExec(containerId, argv));
    case 'exec':
      return run(action, (argv) => host.exec(containerId, argv));
  }
}

async function run(
  action: Extract<UndoAction, { readonly argv: readonly string[] }>,
  execute: (argv: readonly string[]) => Promise<ExecResult>,
): Promise<void> {
  const { exitCode, stderr } = await execute(action.argv);
  if (exitCode !== 0) throw new UndoFailed(action, `ended with ${exitCode}: ${stderr.trim().slice(-300)}`);
}
