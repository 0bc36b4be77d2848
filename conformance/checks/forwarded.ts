import type { Arrival, HeaderList } from '../clients/protocol.ts';
import type { Evidence } from '../../reports/record/types.ts';
import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import type { Client } from '../gateway.ts';
import type { Outcome } from '../outcome.ts';
import { deliver, judged, listed, table } from './exchange.ts';

/** Routes that are proxied, each with a path of its own. */
export const ROUTES = { api: '/api/v1/forwarded', admin: '/api/v1/admin/forwarded', websocket: '/ws' } as const;
export type Route = keyof typeof ROUTES;

/** One request as a backend received it. */
export interface Received {
  readonly route: Route;
  /** Address that the client sent it from. */
  readonly client: string;
  /** Headers that the client set by hand. */
  readonly sent: Readonly<Record<string, string>>;
  /** Undefined when no backend received it. */
  readonly arrival: Arrival | undefined;
}

/** All values of a header as the backend received it. */
export function valuesOf(arrival: Pick<Arrival, 'headers'> | undefined, name: string): string[] {
  const wanted = name.toLowerCase();
  return (arrival?.headers ?? ([] as HeaderList))
    .filter(([field]) => field.toLowerCase() === wanted)
    .map(([, value]) => value);
}

/** One request that is asked for. */
export interface Asked {
  readonly route: Route;
  readonly sent?: Readonly<Record<string, string>>;
  readonly client?: Client;
  /** Requests of one client that name the same connection share it. */
  readonly connection?: string;
}

/** So many requests, one after the other on a connection of their own: what nginx keeps by connection is the same for all of them. */
export function onOneConnection(context: CaseContext, count: number, asked: Omit<Asked, 'client'>): Asked[] {
  const one = { ...asked, client: context.clientFor(ROUTES[asked.route]), connection: `one ${asked.route}` };
  return Array.from({ length: count }, () => one);
}

/** Sends requests over the proxied routes (a handshake on the WebSocket one) and returns what backends received. */
export async function forward(context: CaseContext, asked: readonly Asked[]): Promise<Received[]> {
  const numbered = asked.map((one, index) => ({ ...one, index }));
  const http = numbered.filter(({ route }) => route !== 'websocket');
  const [delivered, shaken] = await Promise.all([
    deliver(
      context,
      http.map(({ route, sent, client, connection }) => ({
        client: client ?? context.clientFor(ROUTES[route]),
        path: ROUTES[route],
        headers: sent ?? {},
        ...(connection === undefined ? {} : { connection }),
      })),
    ),
    Promise.all(
      numbered
        .filter(({ route }) => route === 'websocket')
        .map(async (one) => ({ index: one.index, received: await shake(context, one) })),
    ),
  ]);
  const overHttp = http.map(({ route, sent, index }, n) => ({
    index,
    received: {
      route,
      client: delivered[n]?.probe.client.address ?? '',
      sent: sent ?? {},
      arrival: delivered[n]?.arrivals[0],
    },
  }));
  return [...overHttp, ...shaken].sort((a, b) => a.index - b.index).map(({ received }) => received);
}

async function shake(context: CaseContext, { client: given, sent = {} }: Asked): Promise<Received> {
  const client = given ?? context.client();
  const mark = `${marker('w')}z`;
  await client.websocket(`${ROUTES.websocket}?m=${mark}`, { headers: Object.entries(sent) });
  const [arrival] = await context.arrivals(mark);
  return { route: 'websocket', client: client.address, sent, arrival };
}

/** What is wrong with one header of one request; undefined when it is as promised. */
export type HeaderRule = (values: readonly string[], received: Received) => string | undefined;

/** The header occurs once and has this value. */
export function exactly(value: (received: Received) => string): HeaderRule {
  return (values, received) => {
    const wanted = value(received);
    if (values.length === 0) return 'absent';
    if (values.length > 1) return `${String(values.length)} lines`;
    return values[0] === wanted ? undefined : `${values[0] ?? ''} instead of ${wanted}`;
  };
}

/** The header occurs once and matches. */
export function matching(pattern: RegExp, what: string): HeaderRule {
  return (values) => {
    if (values.length === 0) return 'absent';
    if (values.length > 1) return `${String(values.length)} lines`;
    return pattern.test(values[0] ?? '') ? undefined : `${values[0] ?? ''} is no ${what}`;
  };
}

/** Judges headers of requests as received: every rule on every request. */
export function judgeForwarded(
  expected: string,
  received: readonly Received[],
  rules: Readonly<Record<string, HeaderRule>>,
  mechanism?: string,
): Outcome {
  const faults = received.flatMap((one) => {
    if (!one.arrival) return [`${ROUTES[one.route]}: no backend received it`];
    return Object.entries(rules).flatMap(([name, rule]) => {
      const fault = rule(valuesOf(one.arrival, name), one);
      return fault === undefined ? [] : [`${name} on ${ROUTES[one.route]}: ${fault}`];
    });
  });
  const unique = [...new Set(faults)];
  return judged(
    faults.length === 0,
    expected,
    faults.length === 0 ? `as promised on ${String(received.length)} requests` : listed(unique),
    [receivedTable(received.slice(0, 8), Object.keys(rules))],
    mechanism,
  );
}

/** Headers as received, one row a request. */
export function receivedTable(received: readonly Received[], names: readonly string[]): Evidence {
  return table(
    'headers as the backend received them',
    ['route', 'client', 'sent by hand', ...names],
    received.map((one) => [
      ROUTES[one.route],
      one.client,
      Object.entries(one.sent)
        .map(([name, value]) => `${name}: ${value}`)
        .join(', ') || 'nothing',
      ...names.map((name) => valuesOf(one.arrival, name).join(' | ') || 'absent'),
    ]),
  );
}

/** Judges ids: present once on every request, none the client's, all different. */
export function judgeIds(expected: string, name: string, received: readonly Received[]): Outcome {
  const seen = new Map<string, number>();
  const faults = received.flatMap((one) => {
    const values = valuesOf(one.arrival, name);
    const [value = ''] = values;
    seen.set(value, (seen.get(value) ?? 0) + 1);
    if (!one.arrival) return [`${ROUTES[one.route]}: no backend received it`];
    if (values.length === 0) return [`${ROUTES[one.route]}: absent`];
    if (values.length > 1) return [`${ROUTES[one.route]}: ${String(values.length)} lines`];
    return Object.values(one.sent).includes(value) ? [`${ROUTES[one.route]}: the client's own value passed`] : [];
  });
  const repeated = [...seen]
    .filter(([value, count]) => value !== '' && count > 1)
    .map(([value, count]) => `${value} ${String(count)} times`);
  const all = [...new Set([...faults, ...repeated])];
  return judged(
    all.length === 0,
    expected,
    all.length === 0 ? `${String(received.length)} requests, ${String(seen.size)} different ids` : listed(all),
    [receivedTable(received.slice(0, 8), [name])],
  );
}

/** Names of the forwarding headers that a backend received with one request. */
export function forwardingHeaders(received: Received | undefined): string[] {
  return (received?.arrival?.headers ?? [])
    .map(([name]) => name)
    .filter((name) => /^x-(?:forwarded-|real-ip$|request-id$)/i.test(name));
}
