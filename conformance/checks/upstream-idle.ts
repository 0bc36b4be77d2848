import type { Arrival } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { marker, mixed } from '../gateway.ts';
import type { Gateway } from '../gateway.ts';
import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { arrived, connectionTable, connectionsOf } from './upstream-connections.ts';
import type { Pool } from './upstream-connections.ts';

/** The second request comes after this part of the time. */
const WITHIN = 0.8;

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
  return judge(faults.length === 0, expected, observed, evidence);
}

/** Whether the requests came too late to tell: the backend's clock says how long the connection really was idle. */
function late({ first, within, beyond }: IdleSeen, due_ms: number): boolean {
  if (!first || !within || !beyond) return false;
  return within.at - first.at > due_ms - 100 || beyond.at - within.at < due_ms + 200;
}

function idleFault({ first, within, beyond, closedByGateway }: IdleSeen): string | undefined {
  if (!first || !within || !beyond) return 'a request did not arrive';
  if (first.peer.port !== within.peer.port) return 'not reused while it should be kept';
  if (within.peer.port === beyond.peer.port) return 'still used after its time';
  return closedByGateway.includes(first.peer.port) ? undefined : 'not closed by the gateway';
}
