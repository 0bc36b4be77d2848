/**
 * Long-lived sessions that take turns in carrying probes. A session that is lost is
 * opened again at once; when that fails, the next probe in its turn tries again, so
 * that attempts keep to the schedule too. A probe that finds its session being opened
 * goes out with it. A session that leaves a message unanswered for the time-out is
 * given up and counts as lost, as a client would do.
 */
import { addresses } from './addresses.ts';
import { now_ms } from './clock.ts';
import { OPENING_MS } from './protocol.ts';
import type { ProbeEnd, SessionSeries } from './protocol.ts';
import type { ReportLoss, Sender } from './sender.ts';

/** What a session tells; nothing after it was closed, nothing after `lost`. */
export interface SessionEvents {
  opened(): void;
  /** `probe` is null when the answer does not say what it answers. */
  answered(probe: number | null, servedBy: string | undefined): void;
  lost(why: string): void;
}

/** A session that can be spoken over once it is open. */
export interface Session {
  send(probe: number): void;
  close(): void;
}

export type OpenSession = (from: string | undefined, events: SessionEvents) => Session;

interface Pending {
  readonly done: (end: ProbeEnd) => void;
  readonly timer: NodeJS.Timeout;
}

/** @throws RangeError when the client block of the series is malformed, or without any session */
export function sessions(series: SessionSeries, open: OpenSession, report: ReportLoss): Sender {
  if (series.sessions < 1) throw new RangeError(`${series.name}: probes need a session to go over`);
  const nextAddress = addresses(series.from);
  const places = Array.from({ length: series.sessions }, () => new Place(series, nextAddress(), open, report));
  return {
    send: (probe, done) => places[probe % places.length]?.send(probe, done),
    close: () => {
      for (const place of places) place.close();
    },
  };
}

/** One client: its address, its present session, and the probes that wait for an answer, oldest first. */
class Place {
  readonly #series: SessionSeries;
  readonly #from: string | undefined;
  readonly #openSession: OpenSession;
  readonly #report: ReportLoss;
  readonly #pending = new Map<number, Pending>();
  #session: Session | null = null;
  #isOpen = false;
  #openingTimer: NodeJS.Timeout | undefined;

  constructor(series: SessionSeries, from: string | undefined, open: OpenSession, report: ReportLoss) {
    this.#series = series;
    this.#from = from;
    this.#openSession = open;
    this.#report = report;
  }

  send(probe: number, done: (end: ProbeEnd) => void): void {
    const timer = setTimeout(() => this.#onSilence(probe), this.#series.timeout_ms);
    this.#pending.set(probe, { done, timer });
    if (this.#session === null) this.#open();
    else if (this.#isOpen) this.#session.send(probe);
  }

  close(): void {
    clearTimeout(this.#openingTimer);
    this.#session?.close();
    this.#session = null;
  }

  #open(): void {
    this.#isOpen = false;
    this.#openingTimer = setTimeout(() => {
      this.#session?.close();
      this.#onLost('opening-timeout');
    }, this.#series.opening_ms ?? OPENING_MS);
    // Events of a session that was given up must not touch the one that replaced it.
    const session = this.#openSession(this.#from, {
      opened: () => this.#session === session && this.#onOpened(session),
      answered: (probe, servedBy) => this.#session === session && this.#onAnswer(probe, servedBy),
      lost: (why) => this.#session === session && this.#onLost(why),
    });
    this.#session = session;
  }

  #onOpened(session: Session): void {
    clearTimeout(this.#openingTimer);
    this.#isOpen = true;
    for (const probe of this.#pending.keys()) session.send(probe);
  }

  #onAnswer(probe: number | null, servedBy: string | undefined): void {
    const answered = probe ?? this.#pending.keys().next().value;
    if (answered === undefined) return;
    this.#finish(answered, { ok: true, kind: 'answered', ...(servedBy === undefined ? {} : { servedBy }) });
  }

  #onSilence(probe: number): void {
    this.#finish(probe, { ok: false, kind: 'timeout' });
    if (!this.#isOpen) return;
    this.#session?.close();
    this.#onLost('silent');
  }

  #onLost(why: string): void {
    clearTimeout(this.#openingTimer);
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#session = null;
    if (wasOpen) this.#report({ at_ms: now_ms(), why });
    for (const probe of [...this.#pending.keys()])
      this.#finish(probe, { ok: false, kind: wasOpen ? 'session-lost' : why });
    if (wasOpen) this.#open();
  }

  #finish(probe: number, end: ProbeEnd): void {
    const pending = this.#pending.get(probe);
    if (pending === undefined) return;
    this.#pending.delete(probe);
    clearTimeout(pending.timer);
    pending.done(end);
  }
}
