/**
 * The watchdog: a process of its own that undoes what a dead runner left in. The
 * runner holds its standard input open and says every second that it lives; when
 * the input ends, the heartbeat stops, or the time limit passes while a fault is
 * in, the undo log is replayed.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

const BEAT_MS = 1_000;
const PROGRAM = join(import.meta.dirname, 'watchdog-main.ts');
/** What the watchdog says goes there, in the folder of the run. */
const WATCHDOG_LOG = 'watchdog.log';

export interface WatchdogOptions {
  readonly runDir: string;
  readonly runId: string;
  /** Image of the helpers that undo changes in networks. */
  readonly toolImage: string;
  /** No fault may be in for longer, s. */
  readonly limit_s: number;
}

export interface Watchdog {
  /** @throws Error when it is gone: then nothing may be injected */
  requireAlive(): void;
  /** Ends it; what the runner could not undo it tries once more. */
  stop(): void;
}

/** Starts a watchdog for a run. */
export function startWatchdog({ runDir, runId, toolImage, limit_s }: WatchdogOptions): Watchdog {
  const log = openSync(join(runDir, WATCHDOG_LOG), 'a');
  const child = spawn(process.execPath, [PROGRAM, runDir, runId, toolImage, String(limit_s)], {
    // Its own session: Ctrl-C and a terminal that goes away end the runner, not the watchdog.
    detached: true,
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  const { stdin } = child;
  if (!stdin) throw new Error('the watchdog has no standard input');
  let gone: string | null = null;
  child.on('error', (error) => (gone ??= error.message));
  child.on('exit', (code, signal) => (gone ??= signal ?? `exit code ${String(code)}`));
  // A watchdog that is gone already must not take the runner with it; its log says why it went.
  stdin.on('error', () => undefined);
  const beat = setInterval(() => stdin.write('alive\n'), BEAT_MS);
  beat.unref();
  child.unref();
  return {
    requireAlive: () => {
      if (gone !== null) throw new Error(`the watchdog has ended (${gone}), see ${WATCHDOG_LOG}: no fault without it`);
    },
    stop: () => {
      clearInterval(beat);
      stdin.end('done\n');
    },
  };
}
