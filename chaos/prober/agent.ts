/**
 * The prober as a program: commands on standard input, events on standard
 * output, one JSON object a line. It ends by `stop` or at the end of its input.
 */
import { createInterface } from 'node:readline';
import { constants, setPriority } from 'node:os';

import { now_ms } from './clock.ts';
import { startSeries } from './prober.ts';
import type { RunningSeries } from './prober.ts';
import type { ProbeRecord, ProberCommand, ProberEvent, SeriesConfig, SessionLoss } from './protocol.ts';

/** How long finished probes and lost sessions may wait to be reported together. */
const BATCH_MS = 200;

const running: RunningSeries[] = [];
/** What is not reported yet, by series. */
const waiting = new Map<string, { probes: ProbeRecord[]; losses: SessionLoss[] }>();

function say(event: ProberEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function report(): void {
  for (const [series, { probes, losses }] of waiting) {
    if (probes.length > 0) say({ event: 'probes', series, probes });
    if (losses.length > 0) say({ event: 'losses', series, losses });
    waiting.set(series, { probes: [], losses: [] });
  }
}

function start(series: SeriesConfig): void {
  waiting.set(series.name, { probes: [], losses: [] });
  running.push(
    startSeries(series, {
      probe: (probe) => waiting.get(series.name)?.probes.push(probe),
      loss: (loss) => waiting.get(series.name)?.losses.push(loss),
    }),
  );
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
