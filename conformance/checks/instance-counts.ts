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
  readonly servers: readonly CountedServer[];
}

/** A server line of a pool, and how its instance answers. */
export interface CountedServer {
  readonly host: string;
  readonly port: number;
  readonly backup: boolean;
  /** The line takes it out of rotation. */
  readonly down: boolean;
  readonly health: string;
}

/** What keeps servers from counting: one that is out of rotation or ill, and one that is named twice. */
function serverFaults(servers: readonly CountedServer[]): string[] {
  const name = ({ host, port }: CountedServer): string => `${host}:${String(port)}`;
  return servers.flatMap((server, index) => [
    ...(server.down ? [`${name(server)} is marked down`] : []),
    ...(server.health === '200' ? [] : [`${server.host} answers ${server.health}`]),
    ...(servers.findIndex((other) => name(other) === name(server)) < index ? [`${name(server)} is listed twice`] : []),
  ]);
}

/** Judges the number of active and spare servers, each of which has to run. */
export function judgeCounts(promised: readonly PromisedCount[], counted: readonly Counted[], reason?: string): Outcome {
  const faults = promised.flatMap(({ pool: name, active, backup }) => {
    const servers = counted.find((one) => one.pool === name)?.servers ?? [];
    const spare = servers.filter((server) => server.backup).length;
    const own = servers.length - spare;
    const unfit = serverFaults(servers);
    if (backup === undefined)
      return servers.length === active ? unfit : [`${name} lists ${String(servers.length)}`, ...unfit];
    return own === active && spare === backup
      ? unfit
      : [`${name} has ${String(own)} active and ${String(spare)} spare`, ...unfit];
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
          servers.map(({ host, backup, down, health }) => [
            name,
            host,
            `${backup ? 'backup' : 'active'}${down ? ', down' : ''}`,
            health,
          ]),
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
  const servers = new Map(pools.flatMap((block) => block.servers.map(({ host, port }) => [host, port] as const)));
  const { observations } = await context.session.inspector.schedule(
    [...servers].flatMap(([host, port]) => {
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
      servers: block.servers.map(({ host, port, backup, down }) => ({
        host,
        port,
        backup,
        down,
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
