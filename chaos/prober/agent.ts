/**
 * The prober as a program: commands on standard input, events on standard
 * output, one JSON object a line. It ends by `stop` or at the end of its input.
 */
import { createInterface } from 'node:readline';
import { constants, setPriority } from 'node:os';

import { now_ms, startSeries } from './prober.ts';
import type { RunningSeries } from './prober.ts';
import type { ProbeRecord, ProberCommand, ProberEvent, SeriesConfig } from './protocol.ts';

/** How long finished probes may wait to be reported together. */
const BATCH_MS = 200;

const running: RunningSeries[] = [];
const waiting = new Map<string, ProbeRecord[]>();

function say(event: ProberEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function report(): void {
  for (const [series, probes] of waiting) {
    if (probes.length > 0) say({ event: 'probes', series, probes });
    waiting.set(series, []);
  }
}

function start(series: SeriesConfig): void {
  waiting.set(series.name, []);
  running.push(startSeries(series, (probe) => waiting.get(series.name)?.push(probe)));
}

let stopping = false;

/** The command and the end of the input both ask for it; once is enough. */
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await Promise.all(running.map((series) => series.stop()));
  report();
  say({ event: 'finished' });
  process.exit(0);
}

function obey(command: ProberCommand): void {
  if (command.op === 'start') command.series.forEach(start);
  else if (command.op === 'clock') say({ event: 'clock', seq: command.seq, at_ms: now_ms() });
  else void stop();
}

try {
  // A probe that waits for a core would measure the machine: ask for the front of the queue.
  setPriority(constants.priority.PRIORITY_HIGHEST);
} catch {
  // Not permitted here; the lateness that is recorded with each probe tells whether it mattered.
}
setInterval(report, BATCH_MS);
const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  try {
    obey(JSON.parse(line) as ProberCommand);
  } catch (error) {
    say({ event: 'failed', message: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
});
input.on('close', () => void stop());
say({ event: 'ready' });
