import type { ConfigEdit } from '../../environments/harness/types.ts';
import type { Evidence } from '../../reports/record/types.ts';
import type { Arrival } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { marker, mixed } from '../gateway.ts';
import type { Gateway } from '../gateway.ts';
import { judge, together } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';

/** The two pools, with how many requests one client may send at once under the documented limits. */
export const POOLS = [
  { name: 'customer', path: '/api/v1/reuse/', perClient: 25 },
  { name: 'admin', path: '/api/v1/admin/reuse/', perClient: 9 },
] as const;

export type Pool = (typeof POOLS)[number];

/** Leaves each upstream its first server alone, so that all requests meet one instance. */
export const firstServerOnly: ConfigEdit = (_path, text) =>
  text.replace(/(^\s*upstream\s[^{]*\{)([^}]*)(\})/gm, (_all, open: string, body: string, close: string) => {
    let servers = 0;
    const kept = body.split('\n').filter((line) => !/^\s*server\s/.test(line) || (servers += 1) === 1);
    return `${open}${kept.join('\n')}${close}`;
  });

/** One worker, which keeps all idle connections, and one instance for each pool. */
export const ALONE = { backends: 'shared', workers: 1, edit: firstServerOnly } as const;

/** One TCP connection from the gateway to an instance. */
export interface Connection {
  readonly instance: string;
  readonly port: number;
  /** Requests of this measurement on it. */
  readonly requests: number;
  /** Number of the last request on it, counted by the backend since it was opened. */
  readonly last: number;
}

/** The connections on which requests arrived, in the order of their first one. */
export function connectionsOf(arrivals: readonly Arrival[]): Connection[] {
  const found = new Map<string, Connection>();
  for (const { instance, peer, requestOnConnection } of arrivals) {
    const key = `${instance} ${peer.address}:${String(peer.port)}`;
    const known = found.get(key) ?? { instance, port: peer.port, requests: 0, last: 0 };
    found.set(key, { ...known, requests: known.requests + 1, last: Math.max(known.last, requestOnConnection) });
  }
  return [...found.values()];
}

/** Sends so many requests to a pool one after the other and tells what arrived, earliest first. */
export async function oneByOne(context: CaseContext, gateway: Gateway, pool: Pool, count: number): Promise<Arrival[]> {
  const mark = marker(pool.name);
  for (let sent = 0; sent < count; sent += pool.perClient) {
    const client = context.clientFor(pool.path, gateway);
    const plan = Array.from({ length: Math.min(pool.perClient, count - sent) }, () => ({
      client,
      path: `${pool.path}${mark}`,
      connection: mark,
    }));
    await mixed(context.session.vantage, plan);
  }
  return arrived(context, mark);
}

/** What the API pools received with a mark, earliest first. */
export async function arrived(context: CaseContext, mark: string): Promise<Arrival[]> {
  const arrivals = (await context.arrivals(mark)).filter(({ service }) => service !== 'auth');
  return arrivals.toSorted((a, b) => a.at - b.at || a.requestOnConnection - b.requestOnConnection);
}

/** Sends both pools more requests than one connection may carry, and judges when it was given up. */
export async function retiredAfter(context: CaseContext, requests: number): Promise<Outcome> {
  const { gateway } = await context.replica(ALONE);
  const count = Math.ceil(requests * 1.3);
  const parts = POOLS.map(async (pool) =>
    judgeRequests(pool.name, requests, await oneByOne(context, gateway, pool, count)),
  );
  return together(await Promise.all(parts));
}

/** Connections as evidence. */
export function connectionTable(title: string, connections: readonly Connection[]): Evidence {
  return {
    kind: 'table',
    title,
    columns: ['instance', 'gateway port', 'requests', 'number of the last one'],
    rows: connections.slice(0, 12).map(({ instance, port, requests, last }) => [instance, port, requests, last]),
  };
}

/** Each instance is reached over one connection (or two, where requests overlapped), over HTTP/1.1 and without Connection: close. */
export function judgeReused(name: string, arrivals: readonly Arrival[], version: string): Outcome {
  const connections = connectionsOf(arrivals);
  const instances = new Set(connections.map(({ instance }) => instance)).size;
  const most = 2 * instances;
  const closing = arrivals.filter(({ headers }) =>
    headers.some(([field]) => field.toLowerCase() === 'connection'),
  ).length;
  const other = arrivals.filter(({ httpVersion }) => `HTTP/${httpVersion}` !== version).length;
  const faults = [
    ...(closing > 0 ? [`${String(closing)} with a Connection header`] : []),
    ...(other > 0 ? [`${String(other)} not over ${version}`] : []),
  ];
  const enough = arrivals.length > 2 * most;
  return judge(
    enough && connections.length <= most && faults.length === 0,
    `${name}: at most 2 connections to each instance, ${version}, no Connection header`,
    `${name}: ${String(arrivals.length)} requests over ${String(connections.length)} connections to ${String(instances)} instances${faults.map((fault) => `, ${fault}`).join('')}`,
    [connectionTable(`connections to the ${name} pool`, connections)],
    connections.length > most || other > 0 || closing > 0
      ? 'upstream connections are not kept: that takes keepalive in the upstream, HTTP/1.1 and an empty Connection header'
      : undefined,
  );
}

/** The busiest connection carried exactly so many requests, and the ones after them came on another. */
export function judgeRequests(name: string, requests: number, arrivals: readonly Arrival[]): Outcome {
  const connections = connectionsOf(arrivals);
  const most = Math.max(0, ...connections.map(({ last }) => last));
  return judge(
    most === requests && arrivals.length > requests && connections.length > 1,
    `${name}: a connection is closed after ${String(requests)} requests`,
    `${name}: ${String(arrivals.length)} requests over connections with ${connections
      .map(({ requests: count }) => String(count))
      .slice(0, 8)
      .join(' + ')}${connections.length > 8 ? ' + …' : ''}`,
    [connectionTable(`connections to the ${name} instance`, connections)],
  );
}
