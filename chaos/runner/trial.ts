/**
 * One trial: steady state before → arm undo → inject → prove the effect →
 * observe → revert → prove the removal → steady state after. Whatever fails, what
 * was armed is undone.
 */
import { randomUUID } from 'node:crypto';

import type { Trial } from '../../reports/record/types.ts';
import { findOutages, steadyState } from '../../measurement/outage.ts';
import { quantile } from '../../measurement/statistics.ts';
import { latenessLimit_ms, lateness_ms_p99, openProber } from '../prober/session.ts';
import type { SeriesConfig } from '../prober/protocol.ts';
import type { ProberSession, SessionProbe } from '../prober/session.ts';
import type { Experiment, TrialData, TrialWatch } from './experiment.ts';
import type { Fault, UndoAction } from './fault.ts';
import { forRecord } from './probes.ts';
import type { ChaosTarget } from './target.ts';
import { startTimeline } from './timeline.ts';
import type { Timeline } from './timeline.ts';
import { applyUndo, writeUndo } from './undo.ts';
import { pause, waitFor } from './wait.ts';

export interface TrialDurations {
  /** The first probes meet cold code and cold caches on both ends; they are not judged. */
  readonly warmUp_ms: number;
  /** Steady state before the fault: 300 probes at 10 ms. */
  readonly steadyBefore_ms: number;
  readonly steadyAfter_ms: number;
}

const DURATIONS: TrialDurations = { warmUp_ms: 1_000, steadyBefore_ms: 3_000, steadyAfter_ms: 1_500 };
const STEADY_TIMEOUT_MS = 30_000;

export type Phase =
  | 'steady state before'
  | 'inject'
  | 'prove effect'
  | 'observe'
  | 'revert'
  | 'prove removal'
  | 'recover'
  | 'steady state after';

export interface TrialOptions {
  readonly target: ChaosTarget;
  readonly runDir: string;
  /** Random part of the wait before the fault, so that trials meet the timers at any phase. */
  readonly phase_s: number;
  readonly onPhase?: (phase: Phase) => void;
  readonly durations?: TrialDurations;
  /** Aborts the trial at the next phase; what was injected is undone. */
  readonly signal?: AbortSignal;
}

export interface Rollbacks {
  readonly done: number;
  readonly failed: number;
}

/** Runs one trial; a trial that could not be measured comes back as not valid, with its reason. */
export async function runTrial(
  experiment: Experiment,
  options: TrialOptions,
): Promise<{ readonly data: TrialData; readonly rollbacks: Rollbacks }> {
  const timeline = startTimeline();
  const series = experiment.series(options.target);
  const session = await openProber(await options.target.openProber(), [series]);
  const run = new TrialRun(experiment, options, timeline, session, series);
  let invalidReason: string | null = null;
  try {
    await run.measure();
  } catch (error) {
    invalidReason = error instanceof Error ? error.message : String(error);
    timeline.note('runner', `given up: ${invalidReason}`);
  }
  await run.undoAll();
  let collected: TrialData['collected'] = {};
  try {
    await session.stop();
    collected = (await experiment.collect?.(options.target, run.window())) ?? {};
  } catch (error) {
    // The fault is undone already; what cannot be read any more costs this trial, not the run.
    invalidReason ??= error instanceof Error ? error.message : String(error);
  }
  return { data: { ...run.result(invalidReason), collected }, rollbacks: run.rollbacks };
}

interface Armed {
  readonly id: string;
  readonly fault: Fault;
  readonly undo: UndoAction;
  undone: boolean;
}

class TrialRun {
  readonly #experiment: Experiment;
  readonly #options: TrialOptions;
  readonly #timeline: Timeline;
  readonly #session: ProberSession;
  readonly #series: SeriesConfig;
  readonly #armed: Armed[] = [];
  readonly #fault = { injected_ms: 0, proved_ms: 0, reverted_ms: 0, healed_ms: 0 };
  #steadyFrom_ms = 0;

  constructor(
    experiment: Experiment,
    options: TrialOptions,
    timeline: Timeline,
    session: ProberSession,
    series: SeriesConfig,
  ) {
    this.#experiment = experiment;
    this.#options = options;
    this.#timeline = timeline;
    this.#session = session;
    this.#series = series;
  }

  get rollbacks(): Rollbacks {
    const done = this.#armed.filter((armed) => armed.undone).length;
    return { done, failed: this.#armed.length - done };
  }

  async measure(): Promise<void> {
    const { method } = this.#experiment;
    const durations = this.#options.durations ?? DURATIONS;
    this.#phase('steady state before');
    await pause(durations.warmUp_ms);
    this.#steadyFrom_ms = this.#timeline.now_ms();
    await this.#steady(durations.steadyBefore_ms);
    await pause(this.#options.phase_s * 1000);
    this.#phase('inject');
    for (const fault of method) await this.#inject(fault);
    this.#phase('prove effect');
    for (const fault of method)
      this.#timeline.note(fault.name, `effect proved: ${await fault.proveEffect(this.#options.target)}`);
    this.#fault.proved_ms = this.#timeline.now_ms();
    this.#phase('observe');
    await this.#experiment.observe(this.#watch());
    this.#phase('revert');
    await this.undoAll();
    if (this.rollbacks.failed > 0) throw new Error('a fault could not be undone');
    this.#phase('prove removal');
    for (const fault of method)
      this.#timeline.note(fault.name, `removal proved: ${await fault.proveRemoval(this.#options.target)}`);
    this.#fault.healed_ms = this.#timeline.now_ms();
    this.#phase('recover');
    await this.#experiment.recover(this.#watch());
    this.#phase('steady state after');
    await this.#steady(durations.steadyAfter_ms);
    await this.#othersRun();
  }

  /** Undoes what is armed and not undone yet, newest first; failures are kept, never thrown. */
  async undoAll(): Promise<void> {
    for (const armed of this.#armed.toReversed()) {
      if (armed.undone) continue;
      try {
        await applyUndo(this.#options.target, armed.undo);
        armed.undone = true;
        this.#log(armed, 'undone');
        this.#timeline.note(armed.fault.name, 'undone');
      } catch (error) {
        this.#log(armed, 'failed');
        this.#timeline.note(
          armed.fault.name,
          `could not be undone: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    this.#fault.reverted_ms ||= this.#timeline.now_ms();
  }

  window(): { readonly wallFrom_ms: number; readonly wallTo_ms: number } {
    return { wallFrom_ms: this.#timeline.wall_ms(0), wallTo_ms: this.#timeline.wall_ms(this.#timeline.now_ms()) };
  }

  result(invalidReason: string | null): Omit<TrialData, 'collected'> {
    const probes = this.#probes().toSorted((a, b) => a.sent_ms - b.sent_ms);
    const judged = probes.filter((probe) => probe.sent_ms >= this.#steadyFrom_ms);
    const injected_ms = this.#fault.injected_ms || Number.POSITIVE_INFINITY;
    const before = judged.filter((probe) => probe.done_ms < injected_ms);
    const after = judged.filter((probe) => probe.done_ms >= injected_ms);
    const late_ms = lateness_ms_p99(judged);
    const reason =
      invalidReason ??
      tooLate(late_ms, latenessLimit_ms(this.#series)) ??
      tooMany(this.#session.capped(this.#series.name)) ??
      (before.some((probe) => probe.ok) ? null : 'no probe was answered before the fault');
    const outages = reason === null ? findOutages(after, steadyState(before)) : [];
    const failed = after.filter((probe) => !probe.ok);
    const trial: Trial = {
      phase_s: this.#options.phase_s,
      // Several outages: each must keep the limit, so the worst one speaks for the trial.
      lower_s: Math.max(0, ...outages.map((outage) => outage.lower_ms)) / 1000,
      upper_s: Math.max(0, ...outages.map((outage) => outage.upper_ms)) / 1000,
      failedRequests: failed.length,
      totalRequests: after.length,
      valid: reason === null,
      ...(reason === null ? {} : { invalidReason: reason }),
      errorsByKind: countBy(failed.map((probe) => probe.kind)),
      timeline: this.#timeline.events,
      fault: { ...this.#fault },
      proberLateness_ms_p99: late_ms,
      probes: forRecord(probes),
    };
    return { trial, probes, before };
  }

  async #inject(fault: Fault): Promise<void> {
    const armed: Armed = { id: randomUUID(), fault, undo: await fault.undo(this.#options.target), undone: false };
    this.#log(armed, 'armed');
    this.#armed.push(armed);
    this.#timeline.note(fault.name, 'undo armed');
    this.#fault.injected_ms ||= this.#timeline.now_ms();
    await fault.inject(this.#options.target);
    this.#timeline.note(fault.name, 'injected');
  }

  #log(armed: Armed, state: 'armed' | 'undone' | 'failed'): void {
    const { target, runDir } = this.#options;
    writeUndo(runDir, {
      id: armed.id,
      at: new Date().toISOString(),
      runId: target.runId,
      fault: armed.fault.name,
      undo: armed.undo,
      state,
    });
  }

  /** The hypothesis holds over the last `duration_ms`. @throws WaitTimeout when it does not come to hold */
  async #steady(duration_ms: number): Promise<void> {
    const { availability_min, latency_ms_p95_max } = this.#experiment.steadyState;
    const from_ms = this.#timeline.now_ms();
    await pause(duration_ms);
    await waitFor('steady state', STEADY_TIMEOUT_MS, () => {
      const since_ms = Math.max(from_ms, this.#timeline.now_ms() - duration_ms);
      const recent = this.#probes().filter((probe) => probe.done_ms >= since_ms);
      const answered = recent.filter((probe) => probe.ok);
      const latency_ms = quantile(
        answered.map((probe) => probe.done_ms - probe.sent_ms),
        0.95,
      );
      return (
        recent.length > 0 && answered.length / recent.length >= availability_min && latency_ms <= latency_ms_p95_max
      );
    });
  }

  async #othersRun(): Promise<void> {
    const { target } = this.#options;
    for (const service of target.services) {
      if (this.#experiment.blastRadius.includes(service)) continue;
      if (!(await target.inspect(service)).running)
        throw new Error(`${service} stopped, though it is outside the blast radius`);
    }
  }

  #probes(): SessionProbe[] {
    const at = (instant_ms: number) => this.#timeline.fromMonotonic_ms(instant_ms);
    return this.#session.probes(this.#series.name).map((probe) => ({
      ...probe,
      intended_ms: at(probe.intended_ms),
      sent_ms: at(probe.sent_ms),
      done_ms: at(probe.done_ms),
    }));
  }

  #watch(): TrialWatch {
    return {
      target: this.#options.target,
      now_ms: () => this.#timeline.now_ms(),
      probes: () => this.#probes(),
      note: (source, what) => this.#timeline.note(source, what),
    };
  }

  #phase(phase: Phase): void {
    this.#options.signal?.throwIfAborted();
    this.#timeline.note('runner', phase);
    this.#options.onPhase?.(phase);
  }
}

function tooLate(late_ms: number, most_ms: number): string | null {
  if (late_ms <= most_ms) return null;
  return `the prober was late: p99 ${late_ms.toFixed(1)} ms, at most ${most_ms} ms may be`;
}

function tooMany(capped: number): string | null {
  return capped === 0 ? null : `${capped} probes were not sent, because too many waited for their answer`;
}

function countBy(kinds: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
