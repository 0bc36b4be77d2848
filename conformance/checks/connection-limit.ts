import { asExchange } from '../clients/observe.ts';
import type {
  HttpObservation,
  HttpStep,
  Observation,
  RawObservation,
  RawStep,
  Step,
  WebSocketObservation,
  WebSocketStep,
} from '../clients/protocol.ts';
import type { Client, Planned, Scheduler } from '../gateway.ts';
import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import type { Evidence } from '../../reports/record/types.ts';

/** How long a backend holds an answer back: all requests are under way by then, also on a busy machine. */
export const HOLD_MS = 2500;

/** When another request looks at what those under way leave. */
export const MIDWAY_MS = 1200;

/** Requests, connections or sessions beyond the limit. */
const BEYOND = 4;

/** So many that the limit has to refuse some. */
export function beyond(limit: number): number {
  return limit + BEYOND;
}

/** A step with what came of it. */
interface Pair<S extends Step, O extends Observation> {
  readonly step: S;
  readonly seen: O;
}
export type HttpPair = Pair<HttpStep, HttpObservation>;
export type RawPair = Pair<RawStep, RawObservation>;
export type WebSocketPair = Pair<WebSocketStep, WebSocketObservation>;

/** Runs steps of several kinds as one schedule, so that they share one clock. */
export async function together(
  scheduler: Scheduler,
  steps: readonly Step[],
): Promise<{ http: HttpPair[]; raw: RawPair[]; websocket: WebSocketPair[] }> {
  const numbered = steps.map((step, index) => ({ ...step, id: String(index) }));
  const { observations } = await scheduler.schedule(numbered);
  const byId = new Map(observations.map((seen) => [seen.id, seen]));
  const pairs = { http: [] as HttpPair[], raw: [] as RawPair[], websocket: [] as WebSocketPair[] };
  for (const step of numbered) {
    const seen = byId.get(step.id);
    if (step.kind === 'http' && seen?.kind === 'http') pairs.http.push({ step, seen });
    else if (step.kind === 'raw' && seen?.kind === 'raw') pairs.raw.push({ step, seen });
    else if (step.kind === 'websocket' && seen?.kind === 'websocket') pairs.websocket.push({ step, seen });
    else throw new Error(`the agent left out step ${step.id}`);
  }
  return pairs;
}

export interface SlowFlood {
  readonly count: number;
  readonly path: string;
  /** One HTTP/2 connection for all, instead of an HTTP/1.1 connection each. */
  readonly oneConnection?: boolean;
  /** Another client that asks while they are under way. */
  readonly bystander?: Client;
  /** Another route on which the same client asks meanwhile. */
  readonly elsewhere?: string;
}

/** Slow requests of one client at the same time. */
export interface Simultaneous {
  readonly slow: readonly HttpPair[];
  readonly bystander?: HttpPair;
  readonly elsewhere?: HttpPair;
}

/** Sends slow requests that are all under way at the same time; each has a query and a User-Agent of its own. */
export async function simultaneous(
  scheduler: Scheduler,
  client: Client,
  { count, path, oneConnection, bystander, elsewhere }: SlowFlood,
): Promise<Simultaneous> {
  const planned = (index: number): Planned => ({
    path: `${path}?n=${String(index)}`,
    headers: { 'user-agent': `gateproof-${String(index)}` },
    preconnect: true,
    behave: { delay_ms: HOLD_MS },
    ...(oneConnection ? { protocol: 'h2', connection: 'only' } : {}),
  });
  const steps: Step[] = Array.from({ length: count }, (_, index) => client.step(planned(index), index));
  const meanwhile = { preconnect: true, at_ms: MIDWAY_MS };
  if (bystander) steps.push(bystander.step({ path, ...meanwhile, connection: 'bystander' }, count));
  if (elsewhere !== undefined) steps.push(client.step({ path: elsewhere, ...meanwhile }, count + 1));
  const { http } = await together(scheduler, steps);
  const others = http.slice(count);
  const other = bystander ? others.shift() : undefined;
  const route = elsewhere === undefined ? undefined : others.shift();
  return {
    slow: http.slice(0, count),
    ...(other ? { bystander: other } : {}),
    ...(route ? { elsewhere: route } : {}),
  };
}

/** Why "at the same time" was not: the last request left after the first answer of a slow one. */
function apart(slow: readonly HttpPair[]): string | undefined {
  const firstDone_ms = Math.min(...slow.flatMap(({ seen }) => (seen.status === 200 ? [seen.done_ms] : [])));
  const lastSent_ms = Math.max(...slow.map(({ seen }) => seen.sent_ms ?? seen.intended_ms));
  return lastSent_ms >= firstDone_ms ? 'the requests were not under way at the same time' : undefined;
}

/** `10 × 200, 4 × 503`: answers by status, or by failure where none came. */
export function tally(
  pairs: readonly { readonly seen: Pick<HttpObservation | WebSocketObservation, 'status' | 'error'> }[],
): string {
  const found = new Map<string, number>();
  for (const { seen } of pairs) {
    const key = seen.status === null ? (seen.error?.code ?? 'no answer') : String(seen.status);
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  return [...found].map(([key, count]) => `${String(count)} × ${key}`).join(', ');
}

function refusalsOf(pairs: readonly HttpPair[]): HttpPair[] {
  return pairs.filter(({ seen }) => seen.status !== 200);
}

/** The exchanges, as evidence. */
export function show(pairs: readonly (HttpPair | WebSocketPair | RawPair | undefined)[]): Evidence[] {
  return pairs.flatMap((pair) => (pair ? [asExchange(pair.step, pair.seen)] : []));
}

/** Judges that so many are served at a time, others refused with a status, other clients untouched, and all is well afterwards. */
export function judgeInFlight(
  promised: { readonly limit: number; readonly status: number },
  { slow, bystander, elsewhere }: Simultaneous,
  afterwards: HttpObservation,
): Outcome {
  const expected = `${String(promised.limit)} of ${String(slow.length)} simultaneous requests served, the others refused with ${String(promised.status)}; another client and later requests served`;
  const route = elsewhere ? `; on ${elsewhere.step.request.path} meanwhile ${tally([elsewhere])}` : '';
  const observed = `${tally(slow)}${route}; another client at the same time ${String(bystander?.seen.status ?? 'none')}; afterwards ${String(afterwards.status)}`;
  const refused = refusalsOf(slow);
  const proof = show([refused[0], elsewhere, bystander]);
  const late = apart(slow);
  if (late !== undefined) return inconclusive(expected, observed, late, proof);
  const served = slow.length - refused.length;
  // As many as promised and 429 for the others: then the limit itself refuses so, and not with what was promised.
  if (promised.status !== 429 && served < promised.limit && refused.some(({ seen }) => seen.status === 429))
    return inconclusive(expected, observed, 'a limit of the rate refused some of the requests first', proof);
  const holds =
    served === promised.limit &&
    (elsewhere === undefined || elsewhere.seen.status === promised.status) &&
    refused.every(({ seen }) => seen.status === promised.status) &&
    bystander?.seen.status === 200 &&
    afterwards.status === 200;
  return judge(holds, expected, observed, proof);
}

/** Judges that all streams of one connection are served: one connection is one, however many requests it carries. */
export function judgeStreams({ slow }: Simultaneous): Outcome {
  const expected = `${String(slow.length)} simultaneous streams on one HTTP/2 connection, all served`;
  const refused = refusalsOf(slow);
  const late = apart(slow);
  const proof = show([refused[0] ?? slow[0]]);
  if (late !== undefined) return inconclusive(expected, tally(slow), late, proof);
  return judge(
    refused.length === 0,
    expected,
    tally(slow),
    proof,
    refused.length === 0 ? undefined : 'limit_conn counts each HTTP/2 stream as a connection of its own',
  );
}

/** Judges the status of what the connection limit refuses. */
export function judgeRefusalStatus(status: number, { slow }: Simultaneous): Outcome {
  const expected = `requests beyond the connection limit refused with ${String(status)}`;
  const refused = refusalsOf(slow);
  const proof = show([refused[0] ?? slow[0]]);
  const late = apart(slow);
  if (late !== undefined) return inconclusive(expected, tally(slow), late, proof);
  const holds = refused.length > 0 && refused.every(({ seen }) => seen.status === status);
  return judge(
    holds,
    expected,
    tally(slow),
    proof,
    holds
      ? undefined
      : refused.length === 0
        ? 'nothing was refused'
        : 'limit_conn_status is not set, so nginx refuses with 503, as when no backend answers',
  );
}

/** Connections that say nothing, or half a request, and a complete request beside them. */
export interface IdleConnections {
  readonly idle: readonly RawPair[];
  readonly request: HttpPair;
}

/** Opens connections without a request, holds them, and sends one request meanwhile. */
export async function idleConnections(
  scheduler: Scheduler,
  client: Client,
  count: number,
  path: string,
): Promise<IdleConnections> {
  const half = `GET ${path} HTTP/1.1\r\nHost: ${client.serverName}\r\n`;
  const steps: Step[] = Array.from({ length: count }, (_, index) => ({
    kind: 'raw',
    id: String(index),
    at_ms: 0,
    from: client.address,
    target: client.target,
    writes: index % 2 === 0 ? [] : [{ after_ms: 0, utf8: half }],
    until: 'closed',
    timeout_ms: HOLD_MS,
  }));
  const { raw, http } = await together(scheduler, [...steps, client.step({ path, at_ms: MIDWAY_MS }, count)]);
  const [request] = http;
  if (!request) throw new Error('the agent left out the request');
  return { idle: raw, request };
}

/** Judges whether open connections count, whether or not they carry a request. */
export function judgeIdleConnections(limit: number, { idle, request }: IdleConnections): Outcome {
  const open = idle.filter(
    ({ seen }) => seen.handshake_ms !== null && (seen.closed_ms === null || seen.closed_ms > request.seen.done_ms),
  );
  const expected = `of ${String(idle.length)} idle connections at most ${String(limit)} stay open, and a request beside them fails`;
  const observed = `${String(open.length)} idle connections open, a request beside them answered with ${String(request.seen.status ?? 'nothing')}`;
  const proof = show([idle.at(-1), request]);
  const unready = idle.filter(({ seen }) => (seen.handshake_ms ?? 0) > (request.seen.sent_ms ?? 0));
  if (unready.length > 0)
    return inconclusive(expected, observed, 'connections were still being opened when the request left', proof);
  const holds = open.length <= limit && request.seen.status !== 200;
  return judge(
    holds,
    expected,
    observed,
    proof,
    holds ? undefined : 'limit_conn counts a connection only once the header of a request has been read',
  );
}
