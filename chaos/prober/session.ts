/**
 * The host's end of a prober: starts the program through whatever can carry its
 * standard streams (a local process, an exec in a container), sets its clock
 * against ours, and collects what it saw.
 */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

import type { ProbeSample } from '../../reports/record/types.ts';
import { clockOffset, monotonic_ms } from '../../measurement/clock.ts';
import type { ClockOffset, ClockPing } from '../../measurement/clock.ts';
import { quantile } from '../../measurement/statistics.ts';
import { CAPPED } from './protocol.ts';
import type { ProberCommand, ProberEvent, SeriesConfig, SessionLoss } from './protocol.ts';

/**
 * Above this 99th percentile of its own lateness, ms, a prober's observations count for
 * nothing: half of what lies between two probes (5 ms at one each 10 ms). A probe that
 * leaves within it is still the one that was due.
 */
export function latenessLimit_ms({ interval_ms }: Pick<SeriesConfig, 'interval_ms'>): number {
  return interval_ms / 2;
}
const READY_TIMEOUT_MS = 15_000;
const CLOCK_PINGS = 9;

/** The streams of a running prober program. */
export interface ProberPipe {
  readonly stdin: Writable;
  readonly stdout: Readable;
}

/** A probe on the host's monotonic clock, with who answered it and, for a write, its idempotency key. */
export interface SessionProbe extends ProbeSample {
  readonly servedBy?: string;
  readonly key?: string;
}

export interface ProberSession {
  readonly clock: ClockOffset;
  /** Probes of a series that were sent and have ended so far, in order of their end. */
  probes(series: string): readonly SessionProbe[];
  /** How many probes of a series were due and not sent, because too many were open: the trial cannot count. */
  capped(series: string): number;
  /** Sessions of a series that were lost so far, on the host's monotonic clock. */
  losses(series: string): readonly SessionLoss[];
  /** Stops sending, waits for the probes under way, ends the program. */
  stop(): Promise<void>;
}

/**
 * Opens a session on a started prober program and starts its series.
 *
 * @throws Error when the program does not get ready in time or reports a failure
 */
export async function openProber(pipe: ProberPipe, series: readonly SeriesConfig[]): Promise<ProberSession> {
  const collected = new Map(series.map(({ name }) => [name, emptyCollection()]));
  const wire = new Wire(pipe);
  await wire.next('ready', READY_TIMEOUT_MS);
  const clock = clockOffset(await pings(wire));
  const ours = (theirs_ms: number) => theirs_ms - clock.offset_ms;
  wire.onSeen((event) => {
    const into = collected.get(event.series);
    if (!into) return;
    if (event.event === 'losses') {
      into.losses.push(...event.losses.map(({ at_ms, why }) => ({ at_ms: ours(at_ms), why })));
      return;
    }
    const sent = event.probes.filter((probe) => probe.kind !== CAPPED);
    into.capped += event.probes.length - sent.length;
    for (const probe of sent) {
      const { intended_ms, sent_ms, done_ms } = probe;
      into.probes.push({ ...probe, intended_ms: ours(intended_ms), sent_ms: ours(sent_ms), done_ms: ours(done_ms) });
    }
  });
  wire.tell({ op: 'start', series });
  const patience_ms = Math.max(...series.map((one) => one.timeout_ms)) + READY_TIMEOUT_MS;
  return {
    clock,
    probes: (name) => collected.get(name)?.probes ?? [],
    capped: (name) => collected.get(name)?.capped ?? 0,
    losses: (name) => collected.get(name)?.losses ?? [],
    stop: async () => {
      wire.tell({ op: 'stop' });
      await wire.next('finished', patience_ms);
      pipe.stdin.end();
    },
  };
}

interface Collection {
  readonly probes: SessionProbe[];
  readonly losses: SessionLoss[];
  capped: number;
}

const emptyCollection = (): Collection => ({ probes: [], losses: [], capped: 0 });

async function pings(wire: Wire): Promise<ClockPing[]> {
  const seen: ClockPing[] = [];
  for (let seq = 0; seq < CLOCK_PINGS; seq += 1) {
    const asked_ms = monotonic_ms();
    wire.tell({ op: 'clock', seq });
    const reply = await wire.next('clock', READY_TIMEOUT_MS);
    seen.push({ asked_ms, answered_ms: monotonic_ms(), theirs_ms: reply.at_ms });
  }
  return seen;
}

/** The 99th percentile of how late probes went out, in ms; 0 without probes. */
export function lateness_ms_p99(probes: readonly ProbeSample[]): number {
  return probes.length === 0
    ? 0
    : quantile(
        probes.map((probe) => probe.sent_ms - probe.intended_ms),
        0.99,
      );
}

type SeenEvent = EventOf<'probes' | 'losses'>;
type EventOf<Name extends ProberEvent['event']> = Extract<ProberEvent, { readonly event: Name }>;

/** Lines to and from the program. */
class Wire {
  readonly #pipe: ProberPipe;
  readonly #waiting = new Map<string, { resolve(event: ProberEvent): void; reject(error: Error): void }>();
  readonly #early: ProberEvent[] = [];
  #seen: (event: SeenEvent) => void = () => {};
  #ended: Error | null = null;

  constructor(pipe: ProberPipe) {
    this.#pipe = pipe;
    const lines = createInterface({ input: pipe.stdout });
    lines.on('line', (line) => this.#read(line));
    lines.on('close', () => this.#fail(new Error('the prober ended without being told to')));
    pipe.stdin.on('error', (error: Error) =>
      this.#fail(new Error(`the prober cannot be told anything: ${error.message}`)),
    );
  }

  tell(command: ProberCommand): void {
    this.#pipe.stdin.write(`${JSON.stringify(command)}\n`);
  }

  onSeen(take: (event: SeenEvent) => void): void {
    this.#seen = take;
  }

  /** The next event of a kind, within a time limit. */
  async next<Name extends ProberEvent['event']>(name: Name, timeout_ms: number): Promise<EventOf<Name>> {
    const early = this.#early.findIndex((event) => event.event === name);
    if (early >= 0) return this.#early.splice(early, 1)[0] as EventOf<Name>;
    if (this.#ended) throw this.#ended;
    const { promise, resolve, reject } = Promise.withResolvers<ProberEvent>();
    this.#waiting.set(name, { resolve, reject });
    const timer = setTimeout(
      () => reject(new Error(`the prober did not say "${name}" within ${timeout_ms} ms`)),
      timeout_ms,
    );
    try {
      return (await promise) as EventOf<Name>;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(name);
    }
  }

  /** What is no JSON comes from whatever should have started the program, and says why it did not. */
  #read(line: string): void {
    try {
      this.#take(JSON.parse(line) as ProberEvent);
    } catch {
      this.#fail(new Error(`the prober did not start: ${line.slice(0, 300)}`));
    }
  }

  #take(event: ProberEvent): void {
    if (event.event === 'probes' || event.event === 'losses') {
      this.#seen(event);
      return;
    }
    if (event.event === 'failed') {
      this.#fail(new Error(`prober: ${event.message}`));
      return;
    }
    const waiter = this.#waiting.get(event.event);
    if (waiter) waiter.resolve(event);
    else this.#early.push(event);
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const waiter of this.#waiting.values()) waiter.reject(error);
  }
}
