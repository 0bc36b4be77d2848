import { DEFAULT_DURATIONS_S, nginxSeconds } from '../../environments/harness/config.ts';
import { dumpedFiles, inForce, placeOf, wholeConfig } from '../../environments/harness/nginx-config.ts';
import type { Evidence } from '../../reports/record/types.ts';
import type { RawObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { inconclusive, judge, together } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';

/**
 * How long before its time an action may seem to come: nginx counts from a clock that
 * stands still within a turn of its event loop, longer on a busy machine.
 */
const EARLY_S = 0.3;

/** How long after its time an action may be seen on a machine with other work to do; 10 s and 12 s are told apart. */
const LATE_S = 1.4;

/** On a scaled gateway the next documented value is twice as long: so large a part of the time may be added. */
const LATE_SHARE = 0.2;

/** Watched for longer than the promise, so that the next documented value is told apart. */
export const BEYOND_S = 4.5;

/** Long enough for a worker process to end what holds it up. */
const LONG_BEYOND_S = 15;

/** Latest moment at which an action still counts as in time, s. */
function latest(due_s: number, factor: number): number {
  return due_s + (factor === 1 ? LATE_S : Math.max(LATE_S, LATE_SHARE * due_s));
}

/** When the gateway acted: its clock started somewhere between two moments that the client knows. */
export interface Acted {
  readonly least_s: number;
  readonly most_s: number;
}

/** One wait for something that the gateway does by itself after a documented time. */
export interface Waited {
  readonly name: string;
  /** Promised time before it acts, in seconds of the document. */
  readonly promised_s: number;
  /** Durations of this gateway are divided by this; 1 on an ordinary one. */
  readonly factor: number;
  /** What was seen, on this gateway; `undefined` when nothing had happened by the end. */
  readonly acted: Acted | undefined;
  /** How long it was watched, s. */
  readonly watched_s: number;
  /** What is wrong beside the time: another status than promised, for instance. */
  readonly fault?: string;
}

/** Whether the gateway acted when it should; `undefined` when it did, else what it did instead. */
export function waitFault({ promised_s, factor, acted, watched_s, fault }: Waited): string | undefined {
  const due_s = promised_s / factor;
  if (acted === undefined) return `nothing within ${seconds(watched_s)}`;
  if (fault !== undefined) return `${fault} after ${seconds(acted.least_s)}`;
  if (acted.most_s < due_s - EARLY_S) return `already after ${seconds(acted.most_s)}`;
  if (acted.least_s > latest(due_s, factor)) return `only after ${seconds(acted.least_s)}`;
  return undefined;
}

/** What a connection's end tells: the gateway's clock started between the client's call and its first byte. */
export function closedAfter({
  intended_ms,
  sent_ms,
  closed_ms,
}: Pick<RawObservation, 'intended_ms' | 'sent_ms' | 'closed_ms'>): Acted | undefined {
  if (closed_ms === null || sent_ms === null) return undefined;
  return { least_s: (closed_ms - sent_ms) / 1000, most_s: (closed_ms - intended_ms) / 1000 };
}

/** Why a wait tells nothing: our own connection took too much of its time. */
export const MACHINE_TOO_SLOW = 'the machine was too slow: the connection could not be watched for long enough';

/** How long an open connection was really watched, s. */
export function watchedFor({ sent_ms, done_ms }: Pick<RawObservation, 'sent_ms' | 'done_ms'>): number {
  return sent_ms === null ? 0 : (done_ms - sent_ms) / 1000;
}

/** A wait that was not watched for long enough to say that nothing happened in time. */
const tooShort = ({ promised_s, factor, acted, watched_s }: Waited): boolean =>
  acted === undefined && watched_s < latest(promised_s / factor, factor);

/** Judges several waits for one promise. */
export function judgeWaits(
  what: string,
  waits: readonly Waited[],
  proof: readonly Evidence[] = [],
  mechanism?: string,
): Outcome {
  const faults = waits.flatMap((wait) => {
    const fault = waitFault(wait);
    return fault === undefined ? [] : [`${wait.name}: ${fault}`];
  });
  const scaled = waits.find(({ factor }) => factor !== 1);
  const note = scaled ? ` (durations divided by ${String(scaled.factor)})` : '';
  const expected = `${what}: ${[...new Set(waits.map(({ name, promised_s }) => `${name} after ${String(promised_s)} s`))].join(', ')}${note}`;
  const seen =
    faults.length === 0 ? waits.map(({ name, acted }) => `${name}: ${seconds(acted?.least_s ?? 0)}`) : faults;
  const observed = `${seen.join('; ')}${note}`;
  const evidence = [waitTable(`${what}${note}`, waits), ...proof];
  if (waits.some(tooShort)) return inconclusive(expected, observed, MACHINE_TOO_SLOW, evidence);
  const judged = judge(faults.length === 0, expected, observed, evidence, faults.length === 0 ? undefined : mechanism);
  return faults.length > 0 && waits.every(inTimeOrLate) ? { ...judged, onlyLate: true } : judged;
}

/** The gateway did what it should, in time or after it. */
function inTimeOrLate({ promised_s, factor, acted, fault }: Waited): boolean {
  return acted !== undefined && fault === undefined && acted.most_s >= promised_s / factor - EARLY_S;
}

function waitTable(title: string, waits: readonly Waited[]): Evidence {
  return {
    kind: 'table',
    title,
    columns: ['wait', 'due s', 'seen s', 'watched s'],
    rows: waits.map(({ name, promised_s, factor, acted, watched_s }) => [
      name,
      round(promised_s / factor),
      acted ? round(acted.least_s) : 'nothing',
      round(watched_s),
    ]),
  };
}

/** A configured time as nginx itself tells it, all blocks `upstream` left out: every value that the directive has, in seconds. */
export function configured(config: string, directive: string): number[] {
  const outside = config.replace(/^\s*upstream\s[^{]*\{[^}]*\}/gm, '');
  return [...outside.matchAll(new RegExp(`^\\s*${directive}\\s+([^;\\s]+)`, 'gm'))].flatMap(
    ([, value]) => nginxSeconds(value ?? '') ?? [],
  );
}

/** The time that holds for a path of the virtual host, s: from the innermost block that has the directive, else nginx's own. */
export function configuredFor(config: string, host: string, path: string, directive: string): number {
  const words = inForce(placeOf(wholeConfig(dumpedFiles(config)), host, path), directive);
  const seconds = words ? nginxSeconds(words[0] ?? '') : DEFAULT_DURATIONS_S[directive];
  return seconds ?? Number.NaN;
}

/** A directive, the path for which it has to hold and its promised time. */
export interface PromisedTime {
  readonly directive: string;
  readonly path: string;
  readonly seconds: number;
}

/** As {@link withConfigured}, for what holds for single paths of the gateway under test. */
export async function withConfiguredFor(
  context: CaseContext,
  measured: Outcome,
  promised: readonly PromisedTime[],
): Promise<Outcome> {
  const config = await context.gateway.config();
  return promised.reduce(
    (outcome, { directive, path, seconds }) =>
      withConfigured(outcome, `${directive} of ${path}`, seconds, [
        configuredFor(config, context.gateway.serverName, path, directive),
      ]),
    measured,
  );
}

/** Why a late action of a gateway that is configured as promised tells nothing. */
const LATE_THOUGH_CONFIGURED =
  'the gateway acted late, yet nginx has the promised time: a busy machine, or a worker process that was busy with another request, delays its timers';

/**
 * Judges what is configured beside what was seen: several short durations look alike on
 * a scaled gateway, and a worker process of nginx looks at its timers only between events.
 */
export function withConfigured(
  measured: Outcome,
  directive: string,
  promised_s: number,
  values: readonly number[],
): Outcome {
  const shown =
    values.length === 0
      ? `${directive} is not set`
      : `${directive} ${values.map((value) => `${String(value)}s`).join(', ')}`;
  const said = judge(
    values.length > 0 && values.every((value) => value === promised_s),
    `${directive} ${String(promised_s)}s configured`,
    `${shown} (nginx -T)`,
    [{ kind: 'config', title: 'nginx -T', text: shown }],
  );
  if (measured.onlyLate !== true || said.verdict !== 'conforms') return together([measured, said]);
  const { expected, observed, evidence } = measured;
  return together([inconclusive(expected, observed, LATE_THOUGH_CONFIGURED, evidence), said]);
}

/**
 * How long beyond a promised time to watch, s. A gateway that has that time configured
 * gets longer, so that one that acts late is told from one that does not act at all.
 */
export async function beyond_s(context: CaseContext, { directive, path, seconds }: PromisedTime): Promise<number> {
  const config = await context.gateway.config();
  const asPromised = configuredFor(config, context.gateway.serverName, path, directive) === seconds;
  return asPromised ? LONG_BEYOND_S : BEYOND_S;
}

function seconds(value: number): string {
  return `${String(round(value))} s`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
