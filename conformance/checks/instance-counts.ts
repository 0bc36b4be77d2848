import type { CaseContext } from '../context.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { Outcome } from '../outcome.ts';
import { judged, table } from './exchange.ts';
import { pool } from './upstream-block.ts';

/** How many servers a pool is to have; `backup` undefined: all of them together. */
export interface PromisedCount {
  readonly pool: string;
  readonly active: number;
  readonly backup?: number;
}

/** What a pool has, and what became of asking each of its servers for its health. */
export interface Counted {
  readonly pool: string;
  readonly servers: readonly { readonly host: string; readonly backup: boolean; readonly health: string }[];
}

/** Judges the number of active and spare servers, each of which has to run. */
export function judgeCounts(promised: readonly PromisedCount[], counted: readonly Counted[], reason?: string): Outcome {
  const faults = promised.flatMap(({ pool: name, active, backup }) => {
    const servers = counted.find((one) => one.pool === name)?.servers ?? [];
    const spare = servers.filter((server) => server.backup).length;
    const own = servers.length - spare;
    const down = servers
      .filter(({ health }) => health !== '200')
      .map(({ host, health }) => `${host} answers ${health}`);
    if (backup === undefined)
      return servers.length === active ? down : [`${name} lists ${String(servers.length)}`, ...down];
    return own === active && spare === backup
      ? down
      : [`${name} has ${String(own)} active and ${String(spare)} spare`, ...down];
  });
  const expected = promised
    .map(
      ({ pool: name, active, backup }) =>
        `${name}: ${String(active)}${backup === undefined ? '' : ` active and ${String(backup)} spare`}`,
    )
    .join('; ');
  return judged(
    faults.length === 0,
    `${expected}; all running`,
    faults.length === 0 ? 'as promised, each healthy' : faults.join('; '),
    [
      table(
        'servers of the pools (nginx -T) and their health',
        ['pool', 'server', 'kind', 'GET /health'],
        counted.flatMap(({ pool: name, servers }) =>
          servers.map(({ host, backup, health }) => [name, host, backup ? 'backup' : 'active', health]),
        ),
      ),
    ],
    reason,
  );
}

/** Counts the servers of pools in the running configuration, and asks each for its health. */
export async function instanceCounts(
  context: CaseContext,
  promised: readonly PromisedCount[],
  reason?: string,
): Promise<Outcome> {
  const config = await context.gateway.config();
  const pools = promised.map(({ pool: name }) => pool(config, name));
  const servers = pools.flatMap((block) => block.servers);
  const { observations } = await context.session.inspector.schedule(
    servers.flatMap(({ host, port }) => {
      const address = context.session.topology.services.find(({ name }) => name === host)?.addresses['backend'];
      if (!address) return [];
      return [
        {
          kind: 'http' as const,
          id: host,
          at_ms: 0,
          from: inspectorAddress(context),
          target: { address, port },
          protocol: 'http/1.1' as const,
          request: { method: 'GET', path: '/health' },
          timeout_ms: 10_000,
        },
      ];
    }),
  );
  const health = new Map(
    observations
      .filter((one): one is HttpObservation => one.kind === 'http')
      .map((one) => [one.id, one.status === null ? (one.error?.code ?? 'nothing') : String(one.status)]),
  );
  return judgeCounts(
    promised,
    pools.map((block) => ({
      pool: block.name,
      servers: block.servers.map(({ host, backup }) => ({
        host,
        backup,
        health: health.get(host) ?? 'nothing: no such instance',
      })),
    })),
    reason,
  );
}

/** Where direct requests to instances come from. */
export function inspectorAddress(context: CaseContext): string {
  return context.session.service('inspector').addresses['backend'] ?? '';
}
