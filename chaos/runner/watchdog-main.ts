/** The watchdog as a program: `watchdog-main.ts <folder of the run> <run id> <tool image> <limit in s>`. */
import { createInterface } from 'node:readline';

import { FaultActions } from '../../environments/harness/fault-actions.ts';
import { Replay } from './replay.ts';

const LOOK_MS = 500;
/**
 * Heartbeats come each second; after so many looks without one the runner hangs. Looks
 * are counted, not milliseconds: when this process gets no core for a while, the beats
 * of that while are read before the next look.
 */
const SILENT_LOOKS = 10;

const [, , runDir = '', runId = '', toolImage = '', limit_s = '0'] = process.argv;

const say = (text: string): void => {
  process.stdout.write(`${new Date().toISOString()} ${text}\n`);
};
const replay = new Replay({ runDir, host: new FaultActions(runId, toolImage), say });

let silent = 0;
let busy: Promise<void> = Promise.resolve();
let ending = false;

/** One thing at a time; what fails is told and keeps nothing else from happening. */
function then(work: () => Promise<void>): Promise<void> {
  busy = busy.then(work).catch((error: unknown) => say(error instanceof Error ? (error.stack ?? '') : String(error)));
  return busy;
}

function end(why: string): void {
  if (ending) return;
  ending = true;
  clearInterval(looking);
  void then(() => replay.toTheEnd(why)).then(() => process.exit(0));
}

/** Age of the oldest fault that is in, s. */
function oldest_s(): number {
  const [first] = replay.untried;
  return first ? (Date.now() - Date.parse(first.at)) / 1_000 : 0;
}

/** A runner that hangs may come back, so the watch goes on: its trial finds in the log that a fault was undone. */
function look(): void {
  silent += 1;
  if (silent >= SILENT_LOOKS) void then(() => replay.once('the runner is silent'));
  else if (oldest_s() > Number(limit_s)) void then(() => replay.once(`a fault is in for longer than ${limit_s} s`));
}

const looking = setInterval(look, LOOK_MS);
const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  silent = 0;
  if (line === 'done') end('the runner could not undo everything');
});
input.on('close', () => end('the runner has ended'));
say(`watching run ${runId}`);
