import type { AddressPlan } from './addresses.ts';
import { CPU_SHARES, exec, lastWords, mustExec, startContainer } from './containers.ts';
import type { FileToPut } from './containers.ts';
import { removeContainer } from './docker.ts';
import { HarnessError } from './errors.ts';
import type { ServiceRef } from './types.ts';

export interface GatewayStart {
  readonly runId: string;
  readonly name: string;
  readonly image: string;
  readonly plan: AddressPlan;
  /** Network → address; `edge` and `backend` at least. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Names of upstream servers → addresses, written to /etc/hosts. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly files: readonly FileToPut[];
  /** One of a redundant pair: the image's start-node runs nginx and keepalived, and makes a restarted container whole. */
  readonly redundant?: boolean;
  /** Container that has the addresses, hosts and routes already (a sandbox); without one the gateway brings them itself. */
  readonly networkOf?: string;
}

/**
 * Starts nginx with the given configuration and makes it reachable for the client
 * blocks. They are routed through the vantage, not on-link: beyond 1,024 on-link
 * addresses the neighbour table overflows and requests fail.
 *
 * @throws {HarnessError} with nginx's own words when the configuration does not load
 */
export async function startGateway(start: GatewayStart): Promise<ServiceRef> {
  const { networkOf } = start;
  const routes = networkOf === undefined ? routesToClients(start) : [];
  const containerId = await startContainer({
    runId: start.runId,
    name: start.name,
    role: 'gateway',
    image: start.image,
    ...(networkOf === undefined ? { addresses: start.addresses, hosts: start.hosts } : { addresses: {}, networkOf }),
    files: start.files,
    // Routes to the client blocks, and the virtual address; adverts are raw packets, sent before other work.
    capabilities: ['NET_ADMIN', ...(start.redundant === true ? ['NET_RAW', 'SYS_NICE'] : [])],
    cpuShares: CPU_SHARES.gateway,
    ...(start.redundant === true
      ? {
          command: ['start-node'],
          env: { NODE_ADDRESS: start.addresses['edge'] ?? '', NODE_ROUTES: routes.join('\n') },
        }
      : {}),
  });
  const service: ServiceRef = { name: start.name, role: 'gateway', containerId, addresses: start.addresses };
  try {
    await getReady(service, start.redundant === true ? [] : routes);
  } catch (error) {
    const said = await lastWords(containerId);
    await removeContainer(containerId);
    if (!said.includes('[emerg]')) throw error;
    throw new HarnessError(
      `${start.name}: nginx does not accept the configuration: ${said}`,
      'mend the configuration file that nginx names',
      { cause: error },
    );
  }
  return service;
}

/** Ways to the client blocks: arguments of `ip route replace`, one entry a block. */
export function routesToClients({ plan, addresses }: Pick<GatewayStart, 'plan' | 'addresses'>): string[] {
  const via: Readonly<Record<string, string>> = {
    clients: plan.edgeHost(0, 10),
    load: plan.edgeHost(0, 11),
    operators: plan.operatorsHost(0, 10),
  };
  return plan.blocks
    .filter(({ name, network }) => via[name] !== undefined && addresses[network] !== undefined)
    .map(({ cidr, name }) => `${cidr} via ${via[name] ?? ''}`);
}

const LISTEN_LIMIT_S = 15;

/**
 * Sets the routes and waits until the HTTPS port has a listener in the gateway's own
 * network namespace. One command does both: each command in a container costs the
 * engine more than a look at its sockets.
 */
async function getReady(service: ServiceRef, routes: readonly string[]): Promise<void> {
  const looks = LISTEN_LIMIT_S * 20;
  const script = [
    ...routes.map((route) => `ip route replace ${route}`),
    `for look in $(seq ${String(looks)}); do ss -Hltn 'sport = :443' | grep -q . && exit 0; sleep 0.05; done`,
    'exit 9',
  ];
  const { exitCode, stderr } = await exec(service.containerId, ['sh', '-ec', script.join('\n')], { user: 'root' });
  if (exitCode === 0) return;
  throw new HarnessError(
    exitCode === 9
      ? `waited ${String(LISTEN_LIMIT_S)} s for ${service.name} listening on port 443; last seen: no listener`
      : `the routes of ${service.name} could not be set: ${stderr.trim().slice(-300)}`,
    'run nginx -t with the configuration of this variant, and see the log of the service in the folder of the run (raw/)',
  );
}

/** Makes blocks of addresses local to a container, so that it may send from each of them. */
export async function ownBlocks(containerId: string, cidrs: readonly string[]): Promise<void> {
  const commands = cidrs.map((cidr) => `ip route replace local ${cidr} dev lo`);
  await mustExec(containerId, ['sh', '-ec', commands.join(' && ')], { user: 'root' });
}
