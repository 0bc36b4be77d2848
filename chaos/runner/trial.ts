/**
 * One trial: stage → steady state before → arm undo → inject → prove the effect →
 * observe → revert → prove the removal → steady state after. Whatever fails, what
 * was armed is undone.
 */
import type { ExperimentControl } from '../../reports/record/types.ts';
import { openProber } from '../prober/session.ts';
import type { SeriesConfig } from '../prober/protocol.ts';
import type { ProberSession, SessionProbe } from '../prober/session.ts';
import { untilAborted } from './abort.ts';
import { Armory } from './armory.ts';
import type { Rollbacks } from './armory.ts';
import { requireInside, sabotageOf } from './experiment.ts';
import { ALL_ANSWER_TIMEOUT_MS, DURATIONS, STEADY_TIMEOUT_MS } from './durations.ts';
import type { TrialDurations } from './durations.ts';
import type { Collected, Experiment, TrialData, TrialWatch, TrialWindow } from './experiment.ts';
import type { Fault } from './fault.ts';
import { untilPunctual } from './punctual.ts';
import { allAnswer, isSteady } from './steady-state.ts';
import type { ChaosTarget } from './target.ts';
import { requireRunning } from './target.ts';
import { startTimeline } from './timeline.ts';
import type { Timeline } from './timeline.ts';
import { readTrial } from './trial-result.ts';
import type { FaultTimes } from './trial-result.ts';
import { pause, waitFor } from './wait.ts';

const LOOK_MS = 250;
const RECENT_MS = 1_000;

export type Phase =
  | 'set the stage'
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
  /** Wait before the fault, s, so that trials meet the timers at any phase; `worst` asks the experiment for its worst moment. */
  readonly phase_s: number | 'worst';
  readonly control?: ExperimentControl;
  /** Puts the topology where every trial begins. */
  readonly beforeTrial?: (target: ChaosTarget) => Promise<void>;
  readonly onPhase?: (phase: Phase) => void;
  /** Told every quarter of a second which probes of the deciding series ended within the last second. */
  readonly onProbes?: (probes: readonly SessionProbe[]) => void;
  readonly durations?: TrialDurations;
  /** Aborts the trial; what was injected is undone. */
  readonly signal?: AbortSignal;
}

export interface EndedTrial {
  readonly data: TrialData;
  readonly rollbacks: Rollbacks;
  /** What was probed; the first series decides. */
  readonly series: readonly SeriesConfig[];
}

/** Runs one trial; a trial that could not be measured comes back as not valid, with its reason. */
export async function runTrial(experiment: Experiment, options: TrialOptions): Promise<EndedTrial> {
  const timeline = startTimeline();
  const series = experiment.series(options.target);
  const session = await openProber(await options.target.openProber(experiment.probesFrom), series);
  const run = new TrialRun(experiment, options, timeline, session, series);
  let invalidReason: string | null = null;
  const looking = setInterval(() => options.onProbes?.(run.recent()), LOOK_MS);
  try {
    await untilAborted(run.measure(), options.signal);
  } catch (error) {
    invalidReason = messageOf(error);
    timeline.note('runner', `given up: ${invalidReason}`);
  }
  await run.end();
  clearInterval(looking);
  invalidReason ??= run.armory.undoneByOthers;
  let collected: Collected = { texts: {} };
  try {
    await session.stop();
    collected = (await experiment.collect?.(options.target, run.window())) ?? collected;
  } catch (error) {
    // The fault is undone already; what cannot be read any more costs this trial, not the run.
    invalidReason ??= messageOf(error);
  }
  return { data: run.result(invalidReason, collected), rollbacks: run.armory.rollbacks, series };
}

class TrialRun {
  readonly armory: Armory;
  readonly #experiment: Experiment;
  readonly #options: TrialOptions;
  readonly #timeline: Timeline;
  readonly #session: ProberSession;
  readonly #series: readonly SeriesConfig[];
  readonly #ended = new AbortController();
  readonly #times: FaultTimes = { injected_ms: 0, proved_ms: 0, reverted_ms: 0, healed_ms: 0 };
  #steadyFrom_ms = 0;
  #phase_s = 0;

  constructor(
    experiment: Experiment,
    options: TrialOptions,
    timeline: Timeline,
    session: ProberSession,
    series: readonly SeriesConfig[],
  ) {
    this.#experiment = experiment;
    this.#options = options;
    this.#timeline = timeline;
    this.#session = session;
    this.#series = series;
    this.armory = new Armory(options.target, options.runDir, timeline);
  }

  /** Faults that set the stage: in before the steady state, undone last. */
  get #stage(): readonly Fault[] {
    const { stage = [] } = this.#experiment;
    return this.#options.control === 'sabotage' ? [...stage, ...sabotageOf(this.#experiment)] : stage;
  }

  get #method(): readonly Fault[] {
    return this.#options.control === 'no-fault' ? [] : this.#experiment.method;
  }

  async measure(): Promise<void> {
    this.#phase('set the stage');
    await this.#setStage();
    await this.#experiment.prepare?.(this.#options.target);
    await this.#steadyBefore();
    this.#phase('inject');
    this.#times.injected_ms = this.#timeline.now_ms();
    for (const fault of this.#method) await this.armory.inject(fault);
    this.#phase('prove effect');
    for (const fault of this.#method) await this.armory.prove(fault);
    this.#times.proved_ms = this.#timeline.now_ms();
    this.#phase('observe');
    await this.#observe();
    this.#phase('revert');
    await this.#revert();
    this.#phase('recover');
    await this.#experiment.recover(this.#watch());
    this.#phase('steady state after');
    const { steadyAfter_ms } = this.#options.durations ?? DURATIONS;
    await this.#steady(steadyAfter_ms);
    await requireRunning(this.#options.target, this.#experiment.blastRadius);
  }

  /** Undoes everything that is still in; nothing can be injected any more. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.armory.close();
    this.#times.reverted_ms ||= this.#timeline.now_ms();
  }

  /** Probes of the deciding series that ended within the last second. */
  recent(): readonly SessionProbe[] {
    const since_ms = this.#timeline.now_ms() - RECENT_MS;
    return this.#probes().filter((probe) => probe.done_ms >= since_ms);
  }

  window(): TrialWindow {
    const to_ms = this.#timeline.now_ms();
    return {
      from_ms: 0,
      to_ms,
      wallFrom_ms: this.#timeline.wall_ms(0),
      wallTo_ms: this.#timeline.wall_ms(to_ms),
      at_ms: (wall_ms) => wall_ms - this.#timeline.wall_ms(0),
    };
  }

  result(invalidReason: string | null, collected: Collected): TrialData {
    for (const { at_ms, source, what } of collected.events ?? []) this.#timeline.note(source, what, at_ms);
    const names = this.#series.map(({ name }) => name);
    return readTrial({
      phase_s: this.#phase_s,
      phase: this.#options.phase_s === 'worst' ? 'worst' : 'random',
      series: this.#series,
      probes: Object.fromEntries(names.map((name) => [name, this.#probes(name)])),
      steadyFrom_ms: this.#steadyFrom_ms,
      fault: this.#times,
      timeline: this.#timeline.events,
      invalidReason,
      capped: this.#session.capped(this.#series[0]?.name ?? ''),
      collected,
    });
  }

  async #setStage(): Promise<void> {
    const { beforeTrial, target } = this.#options;
    await beforeTrial?.(target);
    if (this.#stage.length === 0) return;
    for (const fault of this.#stage) {
      await this.armory.inject(fault);
      await this.armory.prove(fault);
    }
    // A stage may have moved what was put in place; one that moves it on purpose keeps it so.
    await beforeTrial?.(target).catch((error: unknown) => {
      this.#timeline.note('runner', `after the stage: ${messageOf(error)}`);
    });
  }

  async #steadyBefore(): Promise<void> {
    const { warmUp_ms, calm_ms, steadyBefore_ms } = this.#options.durations ?? DURATIONS;
    const { phase_s, target } = this.#options;
    this.#phase('steady state before');
    await pause(warmUp_ms);
    await untilPunctual(this.#series[0], () => this.recent(), {
      timeline: this.#timeline,
      limit_ms: calm_ms,
      signal: this.#options.signal,
    });
    this.#steadyFrom_ms = this.#timeline.now_ms();
    await this.#steady(steadyBefore_ms, this.#experiment.steadyState.answering);
    const from_ms = this.#timeline.now_ms();
    if (phase_s === 'worst') await this.#experiment.worstPhase?.(target);
    else await pause(phase_s * 1000);
    this.#phase_s = (this.#timeline.now_ms() - from_ms) / 1000;
  }

  /** Ends with the experiment's observation, a stop condition, or an abort: whatever comes first. */
  async #observe(): Promise<void> {
    const watch = this.#watch();
    const over = new AbortController();
    const stopped = waitFor(
      'the end of the observation',
      Number.POSITIVE_INFINITY,
      () => {
        this.#options.signal?.throwIfAborted();
        const why = this.#experiment.stopCondition?.(watch) ?? null;
        if (why !== null) throw new Error(`stop condition: ${why}`);
        return over.signal.aborted;
      },
      LOOK_MS,
    );
    const observed = this.#experiment.observe(watch).finally(() => over.abort());
    observed.catch(() => undefined);
    await Promise.race([observed, stopped.then(() => observed)]);
  }

  async #revert(): Promise<void> {
    const gone = this.armory.inForce.filter((fault) => !this.#stage.includes(fault));
    await this.armory.revertAll(this.#stage);
    this.#times.reverted_ms ||= this.#timeline.now_ms();
    if (this.armory.inForce.some((fault) => gone.includes(fault))) throw new Error('a fault could not be undone');
    this.#phase('prove removal');
    for (const fault of gone) await this.armory.proveRemoval(fault);
    this.#times.healed_ms = this.#timeline.now_ms();
  }

  /** The hypothesis holds over the last `duration_ms`. @throws WaitTimeout when it does not come to hold */
  async #steady(duration_ms: number, answering: readonly string[] = []): Promise<void> {
    const from_ms = this.#timeline.now_ms();
    await pause(duration_ms);
    const limit_ms = answering.length > 0 ? ALL_ANSWER_TIMEOUT_MS : STEADY_TIMEOUT_MS;
    await waitFor(['steady state', ...answering].join(', '), limit_ms, () => {
      this.#options.signal?.throwIfAborted();
      const since_ms = Math.max(from_ms, this.#timeline.now_ms() - duration_ms);
      const waited = this.#probes().filter((probe) => probe.done_ms >= from_ms);
      const recent = waited.filter((probe) => probe.done_ms >= since_ms);
      return isSteady(recent, this.#experiment.steadyState) && allAnswer(waited, answering);
    });
  }

  #probes(name = this.#series[0]?.name ?? ''): SessionProbe[] {
    const at = (instant_ms: number) => this.#timeline.fromMonotonic_ms(instant_ms);
    return this.#session.probes(name).map((probe) => ({
      ...probe,
      intended_ms: at(probe.intended_ms),
      sent_ms: at(probe.sent_ms),
      done_ms: at(probe.done_ms),
    }));
  }

  #watch(): TrialWatch {
    const [timeline, times, ended] = [this.#timeline, this.#times, this.#ended.signal];
    return {
      target: this.#options.target,
      signal: ended,
      now_ms: () => timeline.now_ms(),
      wall_ms: (at_ms) => timeline.wall_ms(at_ms),
      get injected_ms() {
        return times.injected_ms;
      },
      probes: (series) => this.#probes(series),
      note: (source, what, at_ms) => timeline.note(source, what, at_ms),
      inject: async (fault) => {
        if (ended.aborted || this.#options.control === 'no-fault') return;
        requireInside(this.#experiment, fault);
        await this.armory.inject(fault);
        await this.armory.prove(fault);
      },
      revert: async (fault) => {
        if (!this.armory.inForce.includes(fault)) return;
        await this.armory.revert(fault);
        await this.armory.proveRemoval(fault);
      },
    };
  }

  #phase(phase: Phase): void {
    this.#options.signal?.throwIfAborted();
    this.#timeline.note('runner', phase);
    this.#options.onPhase?.(phase);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
