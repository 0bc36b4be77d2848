/** Calibration of the prober and of the outage finder: scripted outages of a stand-in against what was measured. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { CalibrationResult } from '../../reports/record/types.ts';
import { findOutages, steadyState } from '../../measurement/outage.ts';
import type { Outage } from '../../measurement/outage.ts';
import { seededRandom } from '../../measurement/random.ts';
import { latenessLimit_ms, lateness_ms_p99, openProber } from '../prober/session.ts';
import type { StandInEvent, StandInScript } from './stand-in.ts';

/** How far a measured outage may be from the truth. */
export const OUTAGE_TOLERANCE_MS = 20;
const STEADY_MS = 1_500;
const RECOVERY_MS = 900;
const INTERVAL_MS = 10;
const ATTEMPTS = 5;

/** What one stand-in did and what the prober made of it. */
export interface OutageTrial {
  readonly truth_ms: number;
  /** The longest outage that was found; null when none was. */
  readonly found: Outage | null;
  readonly lateness_ms_p99: number;
}

/** One outage of this length, at a phase and with background errors drawn from the seed. */
export async function outageTrial(lasts_ms: number, errorRate: number, seed: number): Promise<OutageTrial> {
  const random = seededRandom(seed);
  const after_ms = STEADY_MS + 300 + random() * 100;
  const standIn = program('./stand-in.ts', {
    seed,
    errorRate,
    outages: [{ after_ms, lasts_ms }],
  } satisfies StandInScript);
  const agent = program('../prober/agent.ts');
  try {
    const events = eventsOf(standIn);
    const listening = await events.next('listening');
    const session = await openProber(pipeOf(agent), [
      {
        name: 'new-connections',
        address: '127.0.0.1',
        port: listening.port,
        method: 'GET',
        path: '/',
        host: 'stand-in',
        interval_ms: INTERVAL_MS,
        timeout_ms: 1_000,
        expect: [200],
      },
    ]);
    const truth = await events.next('outage');
    await until(() => session.probes('new-connections').some((probe) => probe.sent_ms > truth.to_ms + RECOVERY_MS));
    await session.stop();
    const probes = session.probes('new-connections');
    const before = probes.filter((probe) => probe.done_ms < truth.from_ms - 100);
    const after = probes.filter((probe) => probe.sent_ms >= truth.from_ms - 100);
    const found = findOutages(after, steadyState(before)).toSorted((a, b) => b.failed - a.failed)[0] ?? null;
    return { truth_ms: truth.to_ms - truth.from_ms, found, lateness_ms_p99: lateness_ms_p99(probes) };
  } finally {
    standIn.kill('SIGKILL');
    agent.kill('SIGKILL');
  }
}

/** Whether the prober kept its schedule; a trial where it did not is thrown away. */
export function trialCounts(trial: OutageTrial): boolean {
  return trial.lateness_ms_p99 <= latenessLimit_ms({ interval_ms: INTERVAL_MS });
}

/** Whether the measured bounds hold the truth and the estimate is within the tolerance. */
export function trialHolds({ found, truth_ms }: OutageTrial): boolean {
  return (
    found !== null &&
    found.lower_ms <= truth_ms &&
    truth_ms <= found.upper_ms &&
    Math.abs(found.estimate_ms - truth_ms) <= OUTAGE_TOLERANCE_MS
  );
}

/**
 * Outages of several lengths with 1 % background errors, as results for the run
 * record. A trial with a late prober is repeated, at most `ATTEMPTS` in all:
 * calibration asks whether the instrument is right, the lateness limit whether
 * it may be used.
 *
 * @throws Error when the prober never kept its schedule
 */
export async function calibrateOutages(
  seed: number,
  lengths_ms: readonly number[] = [250, 1_000],
): Promise<CalibrationResult[]> {
  const results: CalibrationResult[] = [];
  for (const [index, lasts_ms] of lengths_ms.entries()) {
    const { trial, thrownAway } = await punctualTrial(lasts_ms, seed + index * ATTEMPTS);
    const repeated = thrownAway === 0 ? '' : `, ${thrownAway} thrown away because the prober was late`;
    results.push({
      instrument: `prober: outage of ${lasts_ms} ms, 1 % background errors${repeated}`,
      truth: round(trial.truth_ms),
      measured: round(trial.found?.estimate_ms ?? 0),
      tolerance: OUTAGE_TOLERANCE_MS,
      unit: 'ms',
      holds: trialHolds(trial),
    });
  }
  return results;
}

async function punctualTrial(lasts_ms: number, seed: number): Promise<{ trial: OutageTrial; thrownAway: number }> {
  for (let thrownAway = 0; thrownAway < ATTEMPTS; thrownAway += 1) {
    const trial = await outageTrial(lasts_ms, 0.01, seed + thrownAway);
    if (trialCounts(trial)) return { trial, thrownAway };
  }
  throw new Error(
    `the prober was more than ${latenessLimit_ms({ interval_ms: INTERVAL_MS })} ms late in ${ATTEMPTS} trials: the machine is too busy`,
  );
}

const round = (value: number): number => Math.round(value * 10) / 10;

function program(path: string, argument?: StandInScript): ChildProcess {
  const file = fileURLToPath(new URL(path, import.meta.url));
  const args = argument === undefined ? [file] : [file, JSON.stringify(argument)];
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

function pipeOf(child: ChildProcess) {
  if (!child.stdin || !child.stdout) throw new Error('a program for calibration has no standard streams');
  return { stdin: child.stdin, stdout: child.stdout };
}

/** Events of the stand-in, awaited by name. */
function eventsOf(child: ChildProcess) {
  const lines = createInterface({ input: pipeOf(child).stdout })[Symbol.asyncIterator]();
  return {
    next: async <Name extends StandInEvent['event']>(name: Name): Promise<Extract<StandInEvent, { event: Name }>> => {
      for (;;) {
        const line = await lines.next();
        if (line.done) throw new Error(`the stand-in ended before it said "${name}"`);
        const event = JSON.parse(line.value) as StandInEvent;
        if (event.event === name) return event as Extract<StandInEvent, { event: Name }>;
      }
    },
  };
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('the prober did not see the end of the outage within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
