import { bodyText, headersNamed } from '../clients/observe.ts';
import type { Arrival, HeaderList, WebSocketObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import type { Client } from '../gateway.ts';
import { inconclusive } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import type { ByAddress } from './affinity.ts';
import { setCookies } from './affinity.ts';
import { inWords, servedBy } from './balancing.ts';
import { deliver, deliverOne, judged, markPath, outcomeOf, proof, table } from './exchange.ts';
import type { Delivered } from './exchange.ts';
import { withConfiguredFor } from './timeouts.ts';
import { handshake } from './upgrade.ts';

const KIB = 1024;

/** A session that carries text and binary messages of several sizes, as it went, and what the backend received of its handshake. */
export interface Session {
  readonly seen: Pick<WebSocketObservation, 'status' | 'echoes' | 'closed_ms' | 'closeCode' | 'closeAnswer' | 'error'>;
  readonly arrival: Pick<Arrival, 'headers' | 'upgrade' | 'httpVersion'> | undefined;
}

/** Code of an orderly close (RFC 6455, 7.4.1). */
const NORMAL_CLOSE = 1000;

/** What is wrong with a handshake as the backend received it: RFC 6455, 4.1 asks for HTTP/1.1 and both upgrade headers. */
function handshakeFaults(arrival: Session['arrival']): string[] {
  if (!arrival?.upgrade) return ['no upgrade reached a backend'];
  const [connection, asked] = ['connection', 'upgrade'].map((name) => headersNamed(arrival, name).join(', '));
  return [
    ...(arrival.httpVersion === '1.1' ? [] : [`the backend was asked over HTTP/${arrival.httpVersion}`]),
    ...(connection?.toLowerCase() === 'upgrade' ? [] : [`the backend received Connection: ${connection ?? ''}`]),
    ...(asked?.toLowerCase() === 'websocket' ? [] : [`the backend received Upgrade: ${asked ?? ''}`]),
  ];
}

/** Judges a session: upgraded, seen as an upgrade by the backend, every message back as it was, closed by the client alone. */
export function judgeSession(status: number, { seen, arrival }: Session): Omit<Outcome, 'evidence'> {
  const whole = seen.echoes.filter(({ intact }) => intact).length;
  const faults = [
    ...(seen.status === status
      ? []
      : [seen.status === null ? `no answer (${seen.error?.code ?? 'unknown'})` : String(seen.status)]),
    ...handshakeFaults(arrival),
    ...(whole === seen.echoes.length && whole > 0
      ? []
      : [`${String(whole)} of ${String(seen.echoes.length)} messages came back intact`]),
    ...(seen.closed_ms === null
      ? seen.closeAnswer === NORMAL_CLOSE
        ? []
        : [`our close was answered with ${String(seen.closeAnswer ?? 'nothing')}`]
      : [`closed by the peer with ${String(seen.closeCode)}`]),
  ];
  return {
    verdict: faults.length === 0 ? 'conforms' : 'deviates',
    expected: `${String(status)}, an upgrade over HTTP/1.1 at the backend, text and binary messages of up to 1 MiB in both directions, closed with ${String(NORMAL_CLOSE)}`,
    observed:
      faults.length === 0
        ? `${String(status)}; the backend received the upgrade over HTTP/1.1; ${String(whole)} messages came back intact; closed with ${String(NORMAL_CLOSE)}`
        : faults.join('; '),
  };
}

/** Opens a session through the gateway and exchanges messages. */
export async function converse(context: CaseContext, path: string, status: number): Promise<Outcome> {
  const client = context.client();
  const mark = marker('ws');
  const target = markPath(path, mark);
  const seen = await client.websocket(target, {
    messages: [
      { after_ms: 0, text: 'hello' },
      { after_ms: 0, text: 'ü'.repeat(10_000) },
      { after_ms: 0, binaryBytes: 64 * KIB },
      { after_ms: 0, binaryBytes: KIB * KIB },
    ],
    timeout_ms: LIMIT_MS,
  });
  const [arrival] = await context.arrivals(mark);
  return { ...judgeSession(status, { seen, arrival }), evidence: [handshake(client, target, seen)] };
}

/** Seconds that the promised idle time becomes on the replica; the session is silent for nearly all of it. */
const SCALED_IDLE_S = 8;
const SILENT = 0.85;

/** A busy machine may take long to begin; a gateway that never answers is told from it by waiting. */
const LIMIT_MS = 45_000;

/** A session with a pause between two messages, durations divided by `factor`. */
export interface Silence {
  readonly idle_s: number;
  readonly factor: number;
  readonly silent_s: number;
  readonly seen: Pick<WebSocketObservation, 'status' | 'echoes' | 'closed_ms' | 'closeCode' | 'error'>;
}

/** Judges that the message after the pause came back. */
export function judgeSilence({ idle_s, factor, silent_s, seen }: Silence): Omit<Outcome, 'evidence'> {
  const expected = `a session that is silent for ${String(idle_s)} s stays open`;
  const [before, after] = seen.echoes;
  const scaled = `with durations divided by ${String(Math.round(factor))} (none below 3 s)`;
  if (seen.status !== 101 || !before?.intact)
    return {
      verdict: 'deviates',
      expected,
      observed: `${scaled}: ${seen.status === null ? `no answer (${seen.error?.code ?? 'unknown'})` : String(seen.status)}, no message came back`,
    };
  if (after?.intact) {
    const slept_s = (after.sent_ms - before.sent_ms) / 1000;
    return {
      verdict: 'conforms',
      expected,
      observed: `${scaled}: still open after ${slept_s.toFixed(1)} s of silence (${String(Math.round(slept_s * factor))} s)`,
    };
  }
  const closed_s =
    seen.closed_ms === null ? undefined : (seen.closed_ms - (before.received_ms ?? before.sent_ms)) / 1000;
  const observed = `${scaled}: ${closed_s === undefined ? `the message after ${String(silent_s)} s did not come back` : `closed after ${closed_s.toFixed(1)} s of silence`}`;
  if (closed_s !== undefined && closed_s >= idle_s / factor)
    return { ...inconclusive(expected, observed, 'the second message was sent too late') };
  return { verdict: 'deviates', expected, observed, reason: 'a shorter time-out applies to the session' };
}

/** Opens a session through a scaled gateway, is silent for nearly the promised time, and sends again. */
export async function staySilent(context: CaseContext, path: string, idle_s: number): Promise<Outcome> {
  const factor = idle_s / SCALED_IDLE_S;
  const replica = await context.replica({ backends: 'shared', scale: factor });
  const client = context.client('clients', replica.gateway);
  const silent_s = SCALED_IDLE_S * SILENT;
  const messages = [
    { after_ms: 0, text: 'first' },
    { after_ms: silent_s * 1000, text: 'second' },
  ];
  const seen = await client.websocket(path, { messages, timeout_ms: LIMIT_MS });
  const measured = {
    ...judgeSilence({ idle_s, factor, silent_s, seen }),
    evidence: [handshake(client, path, seen)],
  };
  return withConfiguredFor(context, measured, [{ directive: 'proxy_read_timeout', path, seconds: idle_s }]);
}

/** The instance that greets a session; what came instead when none did. */
export function greetedBy(seen: Pick<WebSocketObservation, 'hello' | 'status' | 'error'>): string {
  const instance = /"instance":"([^"]+)"/.exec(seen.hello ?? '')?.[1];
  return instance ?? `none (${seen.status === null ? (seen.error?.code ?? 'no answer') : String(seen.status)})`;
}

/** Sessions of one address, one after the other. With `cookies` each brings those that the first was given. */
export async function sessionsInTurn(
  context: CaseContext,
  client: Client,
  path: string,
  count: number,
  cookies = false,
): Promise<string[]> {
  const instances: string[] = [];
  let kept: HeaderList = [];
  for (let index = 0; index < count; index += 1) {
    const seen = await client.websocket(path, {
      headers: [['Host', client.serverName], ...kept],
      timeout_ms: LIMIT_MS,
    });
    instances.push(greetedBy(seen));
    const given = setCookies(seen).map(({ name, value }) => `${name}=${value}`);
    if (cookies && given.length > 0) kept = [['Cookie', given.join('; ')]];
  }
  return instances;
}

/** Judges reconnecting: the number of distinct instances that one client met. */
export function judgeReconnects(
  promised: { readonly reconnects: number; readonly distinct: number },
  instances: readonly string[],
): Outcome {
  const distinct = new Set(instances).size;
  return judged(
    distinct <= promised.distinct && instances.every((name) => !name.startsWith('none')),
    `${String(promised.reconnects)} reconnects reach ${String(promised.distinct)} instance`,
    `${String(distinct)} instances: ${inWords(instances)}`,
    [
      table(
        'who greeted each session of one address',
        ['session', 'instance'],
        instances.map((name, index) => [index + 1, name]),
      ),
    ],
    'the route goes to the pool that is balanced by active requests, without any affinity',
  );
}

/** Query of a Socket.IO session by long polling, and by WebSocket at once. */
const POLLING = 'EIO=4&transport=polling';
const AT_ONCE = 'EIO=4&transport=websocket';

/** Opens polling sessions of one address, one after the other: who took them. */
export async function polls(context: CaseContext, client: Client, path: string, count: number): Promise<Delivered[]> {
  return deliver(
    context,
    Array.from({ length: count }, () => ({ client, path: `${path}?${POLLING}`, connection: 'polls' })),
  );
}

/** Sessions of one address on a route, whichever way its protocol opens them. */
export async function sessionsOf(context: CaseContext, path: string, count: number): Promise<ByAddress> {
  const client = context.client();
  const instances = path.startsWith('/socket.io')
    ? (await polls(context, client, path, count)).map((one) =>
        one.seen.status === 200 ? servedBy(one) : `none (${outcomeOf(one.seen)})`,
      )
    : await sessionsInTurn(context, client, path, count);
  return { route: path, clients: [{ address: client.address, instances }] };
}

/** Judges a Socket.IO route: polling, the WebSocket transport, and one instance for one address. */
export async function socketIo(context: CaseContext, path: string, count: number): Promise<Outcome> {
  const client = context.client();
  const opened = await polls(context, client, path, count);
  const upgraded = await client.websocket(`${path}?${AT_ONCE}`, { hold_ms: 300, timeout_ms: LIMIT_MS });
  const [first] = opened;
  if (!first) throw new Error('nothing was sent');
  const open = opened.filter(({ seen }) => seen.status === 200 && bodyText(seen).startsWith('0{')).length;
  const instances = opened.map(servedBy);
  const speaks = upgraded.status === 101 && (upgraded.hello ?? '').startsWith('0{');
  const one = new Set(instances).size === 1 && !instances[0]?.startsWith('none');
  return judged(
    open === count && speaks && one,
    `${path}: polling and WebSocket sessions open, all of one address on one instance`,
    `${String(open)} of ${String(count)} polling sessions opened (first answer ${outcomeOf(first.seen)}), WebSocket ${upgraded.status === null ? 'no answer' : String(upgraded.status)}; ${inWords(instances)}`,
    [proof(first), handshake(client, `${path}?${AT_ONCE}`, upgraded)],
    first.seen.status === 404 ? 'no location matches the path, so that the gateway looks for a file' : undefined,
  );
}

/** Judges the connection headers that a backend received of a request that asks for no upgrade. */
export function judgePlain(
  arrival: Pick<Arrival, 'headers'> | undefined,
): Pick<Outcome, 'expected' | 'observed'> & { readonly holds: boolean } {
  const lines = ['connection', 'upgrade'].flatMap((name) =>
    (arrival ? headersNamed(arrival, name) : []).map((value) => `${name}: ${value}`),
  );
  return {
    holds: arrival !== undefined && lines.every((line) => line.toLowerCase() === 'connection: keep-alive'),
    expected: 'a plain request reaches the backend without upgrade headers',
    observed:
      arrival === undefined
        ? 'no backend received it'
        : lines.length === 0
          ? 'neither Connection nor Upgrade'
          : lines.join(', '),
  };
}

/** A plain GET on a WebSocket path. */
export async function plainGet(context: CaseContext, path: string): Promise<Outcome> {
  const one = await deliverOne(context, { client: context.client(), path });
  const [arrival] = one.arrivals;
  const { holds, expected, observed } = judgePlain(arrival);
  const received = table(
    'headers that the backend received',
    ['name', 'value'],
    (arrival?.headers ?? []).filter(([name]) => !/authorization|cookie|token/i.test(name)),
  );
  return judged(
    holds,
    expected,
    observed,
    [proof(one), received],
    'Connection: upgrade is a constant of the route, whatever the client asked for',
  );
}
