/** The watchdog as a program: `watchdog-main.ts <folder of the run> <run id> <tool image> <limit in s>`. */
import { createInterface } from 'node:readline';

import { FaultActions } from '../../environments/harness/fault-actions.ts';
import { applyUndo, pendingUndos, writeUndo } from './undo.ts';
import type { UndoRecord } from './undo.ts';

/** Heartbeats come each second; so many missed ones mean that the runner hangs. */
const SILENCE_MS = 5_000;
const LOOK_MS = 500;

const [, , runDir = '', runId = '', toolImage = '', limit_s = '0'] = process.argv;
const host = new FaultActions(runId, toolImage);

const say = (text: string): void => {
  process.stdout.write(`${new Date().toISOString()} ${text}\n`);
};

/** Undoes what is pending, newest first. What the runner undid meanwhile is harmless to undo again. */
async function replay(why: string): Promise<void> {
  const pending = pendingUndos(runDir);
  if (pending.length === 0) return;
  say(`${why}: undoing ${pending.map(({ fault }) => fault).join(', ')}`);
  for (const record of pending.toReversed()) await undoOne(record);
}

async function undoOne(record: UndoRecord): Promise<void> {
  const { problem: _, ...rest } = record;
  const ended = { ...rest, at: new Date().toISOString(), by: 'watchdog' } as const;
  try {
    await applyUndo(host, record.undo);
    writeUndo(runDir, { ...ended, state: 'undone' });
    say(`undone: ${record.fault}`);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    writeUndo(runDir, { ...ended, state: 'failed', problem });
    say(`could not undo ${record.fault}: ${problem}`);
  }
}

/** Age of the oldest fault that is in, ms. */
function oldest_ms(): number {
  const [first] = pendingUndos(runDir);
  return first ? Date.now() - Date.parse(first.at) : 0;
}

let heard_ms = performance.now();
let ending = false;

async function end(why: string | null): Promise<void> {
  if (ending) return;
  ending = true;
  if (why !== null) await replay(why);
  process.exit(0);
}

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  heard_ms = performance.now();
  if (line === 'done') void end(null);
});
input.on('close', () => void end('the runner has ended'));
setInterval(() => {
  if (performance.now() - heard_ms > SILENCE_MS) void end('the runner is silent');
  else if (oldest_ms() > Number(limit_s) * 1_000) void end(`a fault is in for longer than ${limit_s} s`);
}, LOOK_MS);
say(`watching run ${runId}`);
