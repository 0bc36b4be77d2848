import type { CaseContext, CaseReplica } from '../context.ts';
import type { Arrival } from '../clients/protocol.ts';
import { inconclusive, together } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { ADMIN_PATH, CUSTOMER_PATH, inTurn } from './balancing.ts';
import { deliver, judged, table } from './exchange.ts';
import { ADMIN_POOL, CUSTOMER_POOL, pool, primaries } from './upstream-block.ts';

/** Requests of one client that no limit of the document stops: at once, and in a row. */
const AT_ONCE = 8;
const IN_A_ROW = 25;
const IN_A_ROW_ADMIN = 10;

/** More simultaneous requests than connections may stay. */
const SURPLUS = 8;
const OPENING_MS = 1500;
const HELD_MS = 900;

/** The TCP connections among arrivals: instance and port of the gateway's end → highest number of a request on it. */
export function requestsByConnection(
  arrivals: readonly Pick<Arrival, 'instance' | 'peer' | 'requestOnConnection'>[],
): Map<string, number> {
  const found = new Map<string, number>();
  for (const { instance, peer, requestOnConnection } of arrivals) {
    const key = `${instance} port ${String(peer.port)}`;
    found.set(key, Math.max(found.get(key) ?? 0, requestOnConnection));
  }
  return found;
}

/** What one pool showed: requests in a row, then more at once than connections may stay. */
export interface Kept {
  readonly pool: string;
  readonly servers: number;
  readonly sequential: { readonly requests: number; readonly connections: number };
  readonly burst: { readonly requests: number; readonly connections: number };
  /** Connections that were still open after the burst. */
  readonly idle: number;
}

/** Judges reuse by requests in a row, and the number of idle connections by what stays after a burst. */
export function judgeKept(limit: number, { pool: name, servers, sequential, burst, idle }: Kept): Outcome {
  const expected = `${name}: connections are reused, and ${String(limit)} stay open after more requests at once`;
  const observed =
    `${name}: ${String(sequential.requests)} requests in a row over ${String(sequential.connections)} connections; ` +
    `after ${String(burst.connections)} at once ${String(idle)} stayed open`;
  const evidence = [
    table(
      `connections from one worker to ${name}`,
      ['series', 'requests', 'connections'],
      [
        ['in a row', sequential.requests, sequential.connections],
        ['at once', burst.requests, burst.connections],
        ['open afterwards', '', idle],
      ],
    ),
  ];
  if (sequential.connections > servers)
    return judged(false, expected, observed, evidence, 'connections are not used again');
  if (idle > limit) return judged(false, expected, observed, evidence, 'more idle connections are kept than promised');
  if (burst.connections <= limit)
    return inconclusive(
      expected,
      observed,
      `only ${String(burst.connections)} connections were open at a time`,
      evidence,
    );
  return judged(idle === limit, expected, observed, evidence, 'fewer idle connections are kept than promised');
}

/** Measures reuse and the number of idle connections in both pools of a gateway with one worker. */
export async function idleKept(
  context: CaseContext,
  limits: { readonly admin: number; readonly customer: number },
): Promise<Outcome> {
  const replica = await context.replica({ workers: 1 });
  const config = await replica.gateway.config();
  const pools = [
    { path: ADMIN_PATH, limit: limits.admin, block: pool(config, ADMIN_POOL), row: IN_A_ROW_ADMIN },
    { path: CUSTOMER_PATH, limit: limits.customer, block: pool(config, CUSTOMER_POOL), row: IN_A_ROW },
  ];
  const outcomes: Outcome[] = [];
  for (const { path, limit, block, row } of pools) {
    const sequential = await inTurn(context, context.clientFor(path, replica.gateway), path, row);
    const clients = Array.from({ length: Math.ceil((limit + SURPLUS) / AT_ONCE) }, () =>
      context.clientFor(path, replica.gateway),
    );
    const plan = clients.flatMap((client) =>
      Array.from({ length: AT_ONCE }, () => ({
        client,
        path,
        at_ms: OPENING_MS,
        preconnect: true,
        behave: { delay_ms: HELD_MS },
      })),
    );
    const burst = await deliver(context, plan);
    const idle = await openTo(replica, block.servers[0]?.port ?? 0);
    outcomes.push(
      judgeKept(limit, {
        pool: block.name,
        servers: primaries(block).length,
        sequential: {
          requests: row,
          connections: requestsByConnection(sequential.flatMap(({ arrivals }) => arrivals)).size,
        },
        burst: {
          requests: burst.length,
          connections: requestsByConnection(burst.flatMap(({ arrivals }) => arrivals)).size,
        },
        idle,
      }),
    );
  }
  return together(outcomes);
}

/** Judges that both pools keep so many idle connections, by the running configuration. */
export function poolKept(config: string, wanted: number): Outcome {
  const blocks = [ADMIN_POOL, CUSTOMER_POOL].map((name) => pool(config, name));
  return judged(
    blocks.every(({ keepalive }) => keepalive === wanted),
    `keepalive ${String(wanted)} in both pools`,
    blocks.map(({ name, keepalive }) => `${name}: ${keepalive === undefined ? 'none' : String(keepalive)}`).join(', '),
    blocks.map(({ name, text }) => ({ kind: 'config', title: `${name} in nginx -T`, text })),
    'the upstream blocks name other numbers than the pipeline diagram',
  );
}

/** Sends more requests in a row than one connection may carry, to the only instance that listens. */
export async function requestsPerConnection(context: CaseContext, limit: number): Promise<ReadonlyMap<string, number>> {
  const replica = await context.replica({ workers: 1 });
  const servers = primaries(pool(await replica.gateway.config(), CUSTOMER_POOL));
  await Promise.all(servers.slice(0, -1).map((instance) => replica.behave(instance, { listening: false })));
  const arrivals: Arrival[] = [];
  for (let sent = 0; sent < 1.5 * limit; sent += IN_A_ROW) {
    const delivered = await inTurn(context, context.clientFor(CUSTOMER_PATH, replica.gateway), CUSTOMER_PATH, IN_A_ROW);
    arrivals.push(...delivered.flatMap((one) => one.arrivals));
  }
  return requestsByConnection(arrivals);
}

/** Judges how many requests a connection carried before another one took its place. */
export function judgeRetired(limit: number, connections: ReadonlyMap<string, number>): Outcome {
  const counts = [...connections.values()];
  const most = Math.max(0, ...counts);
  return judged(
    most === limit && counts.length > 1,
    `a backend connection carries ${String(limit)} requests, then a new one is opened`,
    `${String(counts.length)} connections with ${counts.slice(0, 6).join(', ')} requests`,
    [table('connections of one worker to one instance', ['connection', 'requests'], [...connections].slice(0, 20))],
    most > limit ? 'connections are kept for longer' : 'connections are given up earlier',
  );
}

/** Seconds that the promised idle time becomes on the replica; the series waits for nearly all of it. */
const SCALED_IDLE_S = 8;
const WAITED = 0.85;

/** Two requests to the same instance, before and after a pause. */
export interface Pause {
  readonly instance: string;
  readonly paused_s: number;
  readonly sameConnection: boolean;
}

/** What pauses between requests did to connections, with durations divided by `factor`. */
export interface IdleTrial {
  readonly idle_s: number;
  readonly factor: number;
  readonly pauses: readonly Pause[];
}

/** Uses one connection to each customer instance, pauses for nearly the promised time, and uses them again. */
export async function staysUsable(context: CaseContext, idle_s: number): Promise<IdleTrial> {
  const factor = idle_s / SCALED_IDLE_S;
  const replica = await context.replica({ workers: 1, scale: factor });
  const count = primaries(pool(await replica.gateway.config(), CUSTOMER_POOL)).length;
  const pause_ms = SCALED_IDLE_S * WAITED * 1000;
  const clients = [0, 1].map(() => context.clientFor(CUSTOMER_PATH, replica.gateway));
  const delivered = await deliver(
    context,
    clients.flatMap((client, turn) =>
      Array.from({ length: count }, () => ({
        client,
        path: CUSTOMER_PATH,
        connection: `turn ${String(turn)}`,
        at_ms: turn * pause_ms,
      })),
    ),
  );
  const arrivals = delivered.map((one) => one.arrivals.at(-1));
  const [before, after] = [arrivals.slice(0, count), arrivals.slice(count)];
  return {
    idle_s,
    factor,
    pauses: before.flatMap((first) => {
      const next = after.find((arrival) => arrival?.instance === first?.instance);
      if (!first || !next) return [];
      return [
        {
          instance: first.instance,
          paused_s: (next.at - first.at) / 1000,
          sameConnection: next.peer.port === first.peer.port,
        },
      ];
    }),
  };
}

/** Judges that every connection survived its pause. */
export function judgeStaysUsable({ idle_s, factor, pauses }: IdleTrial): Outcome {
  const scaled_s = idle_s / factor;
  const expected = `a backend connection that was idle for up to ${String(idle_s)} s is used again`;
  const lost = pauses.filter(({ sameConnection }) => !sameConnection);
  const longest = Math.max(0, ...pauses.map(({ paused_s }) => paused_s));
  const observed = `with durations divided by ${String(factor)}, after ${longest.toFixed(1)} s: ${String(pauses.length - lost.length)} of ${String(pauses.length)} connections used again`;
  const rows = pauses.map(({ instance, paused_s, sameConnection }) => [
    instance,
    paused_s,
    sameConnection ? 'yes' : 'no',
  ]);
  const evidence = [table('requests before and after a pause', ['instance', 'pause, s', 'same connection'], rows)];
  if (pauses.length === 0)
    return judged(false, expected, 'no instance was reached before and after the pause', evidence);
  if (lost.length > 0 && longest >= scaled_s)
    return inconclusive(expected, observed, 'the second request came too late', evidence);
  return judged(lost.length === 0, expected, observed, evidence, 'one side closes the connection earlier');
}

/** Established connections from the gateway to a port. */
async function openTo({ gateway }: CaseReplica, port: number): Promise<number> {
  const { stdout } = await gateway.exec(['ss', '-Htn', 'state', 'established', `dport = :${String(port)}`]);
  return stdout.split('\n').filter((line) => line !== '').length;
}
