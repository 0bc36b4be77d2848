import { setMaxListeners } from 'node:events';
import { ScheduleClock } from './clock.ts';
import type { StepContext } from './clock.ts';
import { ConnectionPool } from './connection-pool.ts';
import { cancelled, ClientError, toFailure } from './errors.ts';
import { emptyHttp, failedStep } from './observations.ts';
import type { HttpObservation, HttpStep, Observation, Step } from './protocol.ts';
import { runRaw } from './raw.ts';
import { runTimeline } from './scheduler.ts';
import { validateSchedule } from './validate.ts';
import { runWebSocket } from './websocket.ts';

/** What a schedule brought. */
export interface ScheduleResult {
  /** One for each step, in the order of the steps. */
  readonly observations: readonly Observation[];
  /**
   * How late this side was at worst: for requests whose connection was ready, the first byte
   * against the intended time; for all other steps, their start against it.
   */
  readonly lateness_ms_max: number;
}

/** Runs schedules in this process. */
export class LocalAgent {
  /**
   * Runs all steps open loop: each starts at its time, whatever the others do.
   * Connections of steps with `preconnect` are opened before; the schedule's
   * clock starts after that, and all times count from there.
   *
   * @throws {ScheduleError} when the schedule cannot be run as it stands. What goes wrong
   * with a target is never thrown, it stands in the observations.
   */
  async run(steps: readonly Step[], options?: { readonly signal?: AbortSignal | undefined }): Promise<ScheduleResult> {
    validateSchedule(steps);
    const own = new AbortController();
    const signal = options?.signal === undefined ? own.signal : AbortSignal.any([own.signal, options.signal]);
    // Every step listens for the end of its schedule, and there may be thousands.
    setMaxListeners(0, signal);
    const schedule = new Schedule(steps, { clock: new ScheduleClock(), signal });
    return schedule.run();
  }
}

class Schedule {
  readonly #steps: readonly Step[];
  readonly #context: StepContext;
  readonly #pool: ConnectionPool;
  /** By index of the step; a stopped schedule leaves gaps. */
  readonly #outcomes = new Map<number, Promise<Observation>>();
  #lateness_ms_max = 0;

  constructor(steps: readonly Step[], context: StepContext) {
    this.#steps = steps;
    this.#context = context;
    this.#pool = new ConnectionPool(context);
  }

  async run(): Promise<ScheduleResult> {
    try {
      const ahead = this.#steps.filter((step) => step.kind === 'http').filter((step) => step.preconnect === true);
      await this.#pool.openAhead(ahead);
      this.#context.clock.start();
      const entries = this.#steps.map((step, index) => ({
        at_ms: step.at_ms,
        start: (): void => {
          this.#outcomes.set(index, this.#start(step));
        },
      }));
      await runTimeline(entries, this.#context);
      const observations: Observation[] = [];
      for (const [index, step] of this.#steps.entries()) {
        observations.push((await this.#outcomes.get(index)) ?? this.#dropped(step));
      }
      return { observations, lateness_ms_max: this.#lateness_ms_max };
    } finally {
      this.#pool.closeAll();
    }
  }

  #start(step: Step): Promise<Observation> {
    switch (step.kind) {
      case 'http':
        return this.#startHttp(step);
      case 'raw':
        this.#noteLateness(step, this.#context.clock.now_ms());
        return this.#guard(step, runRaw(step, this.#context));
      case 'websocket':
        this.#noteLateness(step, this.#context.clock.now_ms());
        return this.#guard(step, runWebSocket(step, this.#context));
    }
  }

  #startHttp(step: HttpStep): Promise<Observation> {
    const begun_ms = this.#context.clock.now_ms();
    const { connection } = this.#pool.slot(step);
    if (connection === undefined || !connection.ready) {
      this.#noteLateness(step, begun_ms);
      return this.#guard(step, this.#connectAndRequest(step));
    }
    const outcome = connection.request(step).then((observation) => {
      this.#noteLateness(step, observation.sent_ms ?? begun_ms);
      if (step.connection === undefined) connection.close();
      return observation;
    });
    return this.#guard(step, outcome);
  }

  async #connectAndRequest(step: HttpStep): Promise<HttpObservation> {
    const slot = this.#pool.slot(step);
    await slot.open(step, step.timeout_ms);
    const { connection, failure } = slot;
    const observation =
      connection === undefined
        ? emptyHttp(step, { done_ms: this.#context.clock.now_ms() }, failure ?? cancelled())
        : await connection.request(step);
    // A connection of its own is of no further use; hundreds of idle ones would occupy the target.
    if (step.connection === undefined) connection?.close();
    return observation;
  }

  #noteLateness(step: Step, at_ms: number): void {
    this.#lateness_ms_max = Math.max(this.#lateness_ms_max, at_ms - step.at_ms);
  }

  /** A defect of ours in one step must not take the schedule's other observations with it. */
  async #guard(step: Step, outcome: Promise<Observation>): Promise<Observation> {
    try {
      return await outcome;
    } catch (error) {
      const failure = toFailure(error);
      const told = new ClientError('AGENT', `the agent failed: ${failure.message}`);
      return failedStep(step, { done_ms: this.#context.clock.now_ms() }, told);
    }
  }

  #dropped(step: Step): Observation {
    return failedStep(step, { done_ms: this.#context.clock.now_ms() }, cancelled());
  }
}
