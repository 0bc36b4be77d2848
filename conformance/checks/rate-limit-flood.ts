import { asExchange } from '../clients/observe.ts';
import type { HttpObservation, HttpStep } from '../clients/protocol.ts';
import type { Client, Planned, RequestOptions, Scheduler } from '../gateway.ts';
import { after, Turns } from '../turns.ts';
import type { Evidence } from '../../reports/record/types.ts';

/**
 * Connections that one client's flood shares. nginx counts requests under way, so
 * a flood over more than a handful of connections would meet a connection limit as well.
 */
const CONNECTIONS = 5;

/**
 * The first request of a fresh client goes out this long before the others: no
 * limiter refuses it, so its status is what an accepted request looks like.
 */
const LEAD_MS = 50;

/** When the sustained part begins: the flood's answers are in by then. */
const SUSTAINED_FROM_MS = 1000;

/** Requests come so many times as fast as the promised rate; not a whole number, or every second one would meet the same edge. */
const PRESSURE = 2.3;

/** How long the pressure lasts: about 17 requests at 100 a minute tell that rate within a few percent. */
const WINDOW_MS = 10_000;

/** A request that waits longer was queued rather than served: a limiter that queues a flood needs twice as long for its last. */
const TIMEOUT_MS = 10_000;

/** Floods of this process that go out at a time, and how long one that goes on with little pressure keeps its turn. */
const turns = new Turns(1);
const TURN_MS = 600;

/** Does work that keeps the clients' machine busy in a turn of its own: beside it, floods would be stretched. */
export const inTurnOfFloods = <T>(work: () => Promise<T>): Promise<T> => turns.take(work);

/** More at once than any burst by address that the documents name: for claims that give no number of their own. */
export const MANY = 45;

/** The same for a burst by user. */
export const MANY_OF_ONE_USER = 75;

/** Pressure for a few seconds, for limits whose rate is not promised: it tells the rate roughly and so the burst exactly. */
export const PROBE: Sustained = { interval_ms: 130, window_ms: 4000 };

/** Enough requests at once to use up a burst and to be refused a dozen times. */
export function enough(burst: number): number {
  return burst + 1 + 12;
}

/** Requests that follow a flood, evenly spaced. */
export interface Sustained {
  readonly interval_ms: number;
  readonly window_ms: number;
}

/** Pressure well above a rate, for long enough to measure it. */
export function pressure(rate_perMin: number): Sustained {
  return { interval_ms: 60_000 / rate_perMin / PRESSURE, window_ms: WINDOW_MS };
}

export interface Flood {
  /** Requests go round among them. */
  readonly clients: readonly Client[];
  readonly path: string;
  /** Requests at once. */
  readonly count: number;
  readonly sustained?: Sustained;
  readonly options?: RequestOptions | ((index: number) => RequestOptions);
  /** When the flood begins; of several in one schedule. */
  readonly from_ms?: number;
}

/** What was sent and what came of it, in the order of the schedule. The first request is known to be accepted. */
export interface Flooded {
  readonly steps: readonly HttpStep[];
  readonly observations: readonly HttpObservation[];
}

/** Sends one flood. */
export async function flood(scheduler: Scheduler, one: Flood): Promise<Flooded> {
  const [flooded] = await floods(scheduler, [one]);
  if (!flooded) throw new Error('a flood without an observation');
  return flooded;
}

/** Sends several floods as one schedule, so that they share one clock. */
export async function floods(scheduler: Scheduler, all: readonly Flood[]): Promise<Flooded[]> {
  const goesOn = all.some(({ sustained }) => sustained !== undefined);
  return turns.take(() => send(scheduler, all), goesOn ? after(TURN_MS) : undefined);
}

/** Sends one flood, and another as soon as all of the first is answered. */
export async function floodTwice(
  scheduler: Scheduler,
  first: Flood,
  then: Flood,
): Promise<{ first: Flooded; then: Flooded }> {
  return turns.take(async () => {
    const [one] = await send(scheduler, [first]);
    const [other] = await send(scheduler, [then]);
    if (!one || !other) throw new Error('a flood without an observation');
    return { first: one, then: other };
  });
}

async function send(scheduler: Scheduler, all: readonly Flood[]): Promise<Flooded[]> {
  const plans = all.map((one, number) => plan(one, number));
  const steps = plans.flat().map(({ client, ...planned }, index) => client.step(planned, index));
  const { observations } = await scheduler.schedule(steps);
  const byId = new Map(observations.map((observation) => [observation.id, observation]));
  let taken = 0;
  return plans.map(({ length }) => {
    const mine = steps.slice(taken, (taken += length));
    return { steps: mine, observations: mine.map(({ id }) => httpOf(byId.get(id))) };
  });
}

function httpOf(observation: { readonly kind: string } | undefined): HttpObservation {
  if (observation?.kind !== 'http') throw new Error('the agent left out an observation');
  return observation as HttpObservation;
}

function plan(
  { clients, path, count, sustained, options, from_ms = 0 }: Flood,
  number: number,
): (Planned & { client: Client })[] {
  const extra = sustained ? Math.floor(sustained.window_ms / sustained.interval_ms) : 0;
  const perClient = clients.length === 1 ? CONNECTIONS : 1;
  return Array.from({ length: count + extra }, (_, index) => {
    const client = clients[index % clients.length];
    if (!client) throw new RangeError('a flood needs a client');
    const turn = Math.floor(index / clients.length) % perClient;
    return {
      path,
      client,
      preconnect: true,
      connection: `flood-${String(number)}-${String(index % clients.length)}-${String(turn)}`,
      timeout_ms: TIMEOUT_MS,
      ...(typeof options === 'function' ? options(index) : options),
      at_ms:
        from_ms +
        (index === 0
          ? 0
          : index < count
            ? LEAD_MS
            : SUSTAINED_FROM_MS + (index - count) * (sustained?.interval_ms ?? 0)),
    };
  });
}

/** What became of a flood's requests. Refused is what was answered otherwise than the first of them. */
export interface Sorted {
  readonly accepted: readonly HttpObservation[];
  readonly refused: readonly HttpObservation[];
  /** No answer at all. */
  readonly lost: readonly HttpObservation[];
}

/** Tells accepted requests from refused ones. `acceptedStatus` is that of the first unless known from elsewhere. */
export function sort({ observations }: Flooded, acceptedStatus = observations[0]?.status ?? null): Sorted {
  return {
    accepted: observations.filter(({ status }) => status !== null && status === acceptedStatus),
    refused: observations.filter(({ status }) => status !== null && status !== acceptedStatus),
    lost: observations.filter(({ status }) => status === null),
  };
}

/** Failures that are ours: the machine of the clients ran out of something. */
const OWN_FAULTS: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EMFILE',
  'ENOBUFS',
  'CANCELLED',
  'UNEXPECTED',
]);

/** What was wrong with the instrument, if anything. */
export function ownFault({ observations }: Flooded): string | undefined {
  const code = observations.map(({ error }) => error?.code ?? '').find((one) => OWN_FAULTS.has(one));
  return code === undefined ? undefined : `the client could not send (${code})`;
}

/** `31 × 200, 12 × 429`: answers by status, or by failure where none came. */
export function counts(observations: readonly HttpObservation[]): string {
  const tally = new Map<string, number>();
  for (const { status, error } of observations) {
    const key = status === null ? (error?.code ?? 'no answer') : String(status);
    tally.set(key, (tally.get(key) ?? 0) + 1);
  }
  return [...tally].map(([key, count]) => `${String(count)} × ${key}`).join(', ');
}

/** The exchange of one observation of a flood. */
export function exchangeOf({ steps, observations }: Flooded, which: HttpObservation | undefined): Evidence[] {
  const step = steps[which ? observations.indexOf(which) : -1];
  return step && which ? [asExchange(step, which)] : [];
}

/** Answers over time: one line for each flood. */
export function answers(named: readonly { readonly name: string; readonly flooded: Flooded }[]): Evidence {
  return {
    kind: 'series',
    title: 'answers by time of arrival',
    xUnit: 'ms',
    yUnit: 'status',
    lines: named.map(({ name, flooded }) => ({
      name,
      points: flooded.observations.map(({ sent_ms, intended_ms, status }) => [
        Math.round(sent_ms ?? intended_ms),
        status ?? 0,
      ]),
    })),
  };
}
