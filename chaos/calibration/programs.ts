/** The programs of a calibration: stand-ins and the prober, each in a process of its own. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { ProberPipe } from '../prober/session.ts';
import type { StandInEvent, StandInScript } from './stand-in.ts';

export interface StandIn extends Disposable {
  /** The next event of a kind. @throws Error when the program ends before */
  next<Name extends StandInEvent['event']>(name: Name): Promise<Extract<StandInEvent, { event: Name }>>;
}

export function startStandIn(script: StandInScript): StandIn {
  const child = program('./stand-in.ts', [JSON.stringify(script)]);
  const lines = createInterface({ input: pipeOf(child).stdout })[Symbol.asyncIterator]();
  return {
    async next<Name extends StandInEvent['event']>(name: Name) {
      for (;;) {
        const line = await lines.next();
        if (line.done) throw new Error(`the stand-in ended before it said "${name}"`);
        const event = JSON.parse(line.value) as StandInEvent;
        if (event.event === name) return event as Extract<StandInEvent, { event: Name }>;
      }
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

export function startAgent(): ProberPipe & Disposable {
  const child = program('../prober/agent.ts', []);
  return { ...pipeOf(child), [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

function program(path: string, args: readonly string[]): ChildProcess {
  const file = fileURLToPath(new URL(path, import.meta.url));
  return spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

function pipeOf(child: ChildProcess): ProberPipe {
  if (!child.stdin || !child.stdout) throw new Error('a program for calibration has no standard streams');
  return { stdin: child.stdin, stdout: child.stdout };
}
