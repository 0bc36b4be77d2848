import { servicesEnv } from '../../environments/harness/services-env.ts';
import type { Arrival } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { marker, mixed } from '../gateway.ts';
import type { Gateway } from '../gateway.ts';
import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { ADMIN_POOL, CUSTOMER_POOL, pool } from './upstream-block.ts';
import { ALONE, POOLS, arrived, connectionTable, connectionsOf } from './upstream-connections.ts';
import type { Pool } from './upstream-connections.ts';

/** The second request comes after this part of the time. */
const WITHIN = 0.85;

/** Idle time of a Node server that nobody configures. ms */
const NODE_IDLE_MS = 5_000;

/** Idle time of a service that never closes before the gateway does. ms */
const PATIENT_MS = 75_000;

/** Three requests to one instance: the second shortly before an idle connection's time is over, the third after it. */
export interface IdleSeen {
  readonly name: string;
  readonly first: Arrival | undefined;
  readonly within: Arrival | undefined;
  readonly beyond: Arrival | undefined;
  /** Ports of the gateway whose connections it closed itself: only the side that closes first keeps them in TIME-WAIT. */
  readonly closedByGateway: readonly number[];
}

/** Sends three requests to each pool with growing pauses, on a gateway whose pools have one instance each. */
export async function idleConnections(
  context: CaseContext,
  gateway: Gateway,
  pools: readonly Pool[],
  idle_s: number,
): Promise<IdleSeen[]> {
  const second_ms = idle_s * WITHIN * 1000;
  const at = [0, second_ms, second_ms + idle_s * 1000 + 2_000];
  const marks = pools.map(() => at.map(() => marker('idle')));
  await mixed(
    context.session.vantage,
    pools.flatMap((pool, p) => {
      const client = context.clientFor(pool.path, gateway);
      return at.map((at_ms, n) => ({ client, path: `${pool.path}${marks[p]?.[n] ?? ''}`, at_ms: Math.round(at_ms) }));
    }),
  );
  const { stdout } = await gateway.exec(['ss', '-Htan', 'state', 'time-wait']);
  const closedByGateway = [...stdout.matchAll(/:(\d+)\s+\S+:\d+/g)].map(([, port]) => Number(port));
  return Promise.all(
    pools.map(async ({ name }, p) => {
      const [first, within, beyond] = await Promise.all(
        (marks[p] ?? []).map(async (mark) => (await arrived(context, mark))[0]),
      );
      return { name, first, within, beyond, closedByGateway };
    }),
  );
}

/** The connection is there shortly before its time, gone after it, and it was the gateway that closed it. */
export function judgeIdle(idle_s: number, factor: number, seen: readonly IdleSeen[]): Outcome {
  const rows = seen.map((one) => ({ one, fault: idleFault(one) }));
  const faults = rows.flatMap(({ one, fault }) => (fault === undefined ? [] : [`${one.name}: ${fault}`]));
  const note = `durations divided by ${String(factor)}`;
  const all = seen.flatMap(({ first, within, beyond }) =>
    [first, within, beyond].filter((arrival) => arrival !== undefined),
  );
  const expected = `an upstream connection is reused after ${String(Math.round(idle_s * WITHIN))} idle seconds and closed by the gateway after ${String(idle_s)} (${note})`;
  const observed =
    faults.length === 0
      ? `reused, then closed by the gateway and opened anew: ${seen.map(({ name }) => name).join(', ')} (${note})`
      : `${faults.join('; ')} (${note})`;
  const evidence = [connectionTable('connections', connectionsOf(all))];
  if (seen.some((one) => late(one, (idle_s / factor) * 1000)))
    return inconclusive(
      expected,
      observed,
      'the machine was too slow: the requests came at other times than meant',
      evidence,
    );
  return judge(faults.length === 0, expected, observed, evidence, 'one side closes the connection earlier or later');
}

/**
 * What becomes of idle connections with services that keep them for long, and with
 * services as the variant sets them: whoever closes first decides. All durations
 * are divided by one factor, those of the services too.
 */
export async function idleWithServices(context: CaseContext, idle_s: number, factor: number): Promise<Outcome> {
  const { KEEP_ALIVE_TIMEOUT_MS: own } = await servicesEnv(context.session.topology.configDir);
  const kinds = new Set([PATIENT_MS, own === undefined ? NODE_IDLE_MS : Number(own)]);
  const seen = [...kinds].map(async (keep_ms) => {
    const env = { KEEP_ALIVE_TIMEOUT_MS: String(Math.round(keep_ms / factor)) };
    const options = { ...ALONE, backends: 'private', scale: factor, env, freshNetwork: true } as const;
    const { gateway } = await context.replica(options);
    const pools = await idleConnections(context, gateway, POOLS, idle_s / factor);
    return pools.map((one) => ({ ...one, name: `${one.name}, services close after ${String(keep_ms / 1000)} s` }));
  });
  return judgeIdle(idle_s, factor, (await Promise.all(seen)).flat());
}

/** Judges the idle time that the running configuration gives to both pools. */
export function judgeIdleConfigured(idle_s: number, config: string): Outcome {
  const blocks = [ADMIN_POOL, CUSTOMER_POOL].map((name) => pool(config, name));
  return judge(
    blocks.every((block) => block.idle_s === idle_s),
    `keepalive_timeout ${String(idle_s)}s in both pools`,
    blocks.map((block) => `${block.name} ${String(block.idle_s)}s (nginx -T)`).join(', '),
    blocks.map(({ name, text }) => ({ kind: 'config', title: `${name} in nginx -T`, text })),
  );
}

/** Whether the requests came too late to tell: the backend's clock says how long the connection really was idle. */
function late({ first, within, beyond }: IdleSeen, due_ms: number): boolean {
  if (!first || !within || !beyond) return false;
  return within.at - first.at > due_ms - 100 || beyond.at - within.at < due_ms + 200;
}

function idleFault({ first, within, beyond, closedByGateway }: IdleSeen): string | undefined {
  if (!first || !within || !beyond) return 'a request did not arrive';
  if (first.peer.port !== within.peer.port)
    return `not reused while it should be kept: ${closedByGateway.includes(first.peer.port) ? 'the gateway' : 'the service'} closed it`;
  if (within.peer.port === beyond.peer.port) return 'still used after its time';
  return closedByGateway.includes(first.peer.port) ? undefined : 'not closed by the gateway';
}
