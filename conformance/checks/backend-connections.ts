import type { CaseContext, CaseReplica } from '../context.ts';
import type { Arrival } from '../clients/protocol.ts';
import { inconclusive, together } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { ADMIN_PATH, CUSTOMER_PATH, series } from './balancing.ts';
import { deliver, judged, table } from './exchange.ts';
import { ADMIN_POOL, CUSTOMER_POOL, pool, primaries } from './upstream-block.ts';

/** Requests of one client at once, and of each pool in a row. */
const AT_ONCE = 5;
const IN_A_ROW = 24;
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

/** Idle connections that the pools are said to keep. */
interface Limits {
  readonly admin: number;
  readonly customer: number;
}

/** Measures and judges reuse and the number of idle connections in both pools of a gateway with one worker. */
export async function idleKept(context: CaseContext, limits: Limits): Promise<Outcome> {
  const { admin, customer } = await keptOnce(context, limits);
  return together([judgeKept(limits.admin, admin), judgeKept(limits.customer, customer)]);
}

/**
 * Judges the size of both pools: the number of idle connections that stay after more requests at once than the
 * configuration keeps, or what it says where none had to go.
 */
export async function poolHolds(context: CaseContext, wanted: number, limits: Limits): Promise<Outcome> {
  const { admin, customer } = await keptOnce(context, limits);
  return judgePoolSize(wanted, [admin, customer], await context.gateway.config());
}

/** Judges that both pools hold so many connections. */
export function judgePoolSize(wanted: number, kept: readonly Kept[], config: string): Outcome {
  const full = kept.filter(({ idle, burst }) => idle < burst.connections && idle < wanted);
  const measured = judged(
    full.length === 0,
    `both pools keep up to ${String(wanted)} idle connections`,
    kept
      .map(({ pool: name, idle, burst }) => `${name}: ${String(idle)} of ${String(burst.connections)} stayed open`)
      .join(', '),
    [],
    'connections are closed although fewer than promised are idle',
  );
  return full.length > 0 ? measured : together([measured, poolKept(config, wanted)]);
}

const keptOnce = (context: CaseContext, limits: Limits): Promise<Readonly<Record<keyof Limits, Kept>>> =>
  context.session.once(`idle connections, ${String(limits.admin)} and ${String(limits.customer)}`, () =>
    keptIdle(context, limits),
  );

async function keptIdle(context: CaseContext, limits: Limits): Promise<Readonly<Record<keyof Limits, Kept>>> {
  const replica = await context.replica({ workers: 1 });
  const config = await replica.gateway.config();
  const kept = async (path: string, limit: number, name: string, row: number): Promise<Kept> => {
    const block = pool(config, name);
    const sequential = await series(context, replica.gateway, path, row);
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
    return {
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
      idle: await openTo(replica, block.servers[0]?.port ?? 0),
    };
  };
  return {
    admin: await kept(ADMIN_PATH, limits.admin, ADMIN_POOL, IN_A_ROW_ADMIN),
    customer: await kept(CUSTOMER_PATH, limits.customer, CUSTOMER_POOL, IN_A_ROW),
  };
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

/** Established connections from the gateway to a port. */
async function openTo({ gateway }: CaseReplica, port: number): Promise<number> {
  const { stdout } = await gateway.exec(['ss', '-Htn', 'state', 'established', `dport = :${String(port)}`]);
  return stdout.split('\n').filter((line) => line !== '').length;
}
