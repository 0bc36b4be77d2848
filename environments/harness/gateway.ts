import type { AddressPlan } from './addresses.ts';
import { exec, lastWords, mustExec, startContainer } from './containers.ts';
import type { FileToPut } from './containers.ts';
import { removeContainer } from './docker.ts';
import { HarnessError } from './errors.ts';
import type { ServiceRef } from './types.ts';
import { waitFor } from './wait.ts';

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
}

/**
 * Starts nginx with the given configuration and makes it reachable for the client
 * blocks. They are routed through the vantage, not on-link: beyond 1,024 on-link
 * addresses the neighbour table overflows and requests fail.
 *
 * @throws {HarnessError} with nginx's own words when the configuration does not load
 */
export async function startGateway(start: GatewayStart): Promise<ServiceRef> {
  const containerId = await startContainer({
    runId: start.runId,
    name: start.name,
    role: 'gateway',
    image: start.image,
    addresses: start.addresses,
    hosts: start.hosts,
    files: start.files,
    // Routes to the client blocks; later the virtual address of a redundant pair.
    capabilities: ['NET_ADMIN'],
  });
  const service: ServiceRef = { name: start.name, role: 'gateway', containerId, addresses: start.addresses };
  try {
    await routeClients(service, start);
    await gatewayListens(service);
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

async function routeClients(service: ServiceRef, { plan }: GatewayStart): Promise<void> {
  const via: Readonly<Record<string, string>> = {
    clients: plan.edgeHost(0, 10),
    load: plan.edgeHost(0, 11),
    operators: plan.operatorsHost(0, 10),
  };
  const routes = plan.blocks
    .filter(({ name, network }) => via[name] !== undefined && service.addresses[network] !== undefined)
    .map(({ cidr, name }) => `ip route replace ${cidr} via ${via[name] ?? ''}`);
  await mustExec(service.containerId, ['sh', '-ec', routes.join(' && ')], { user: 'root' });
}

/** Waits until the gateway's HTTPS port has a listener in its own network namespace. */
async function gatewayListens(service: ServiceRef): Promise<void> {
  let last = '';
  await waitFor(
    `${service.name} listening on port 443`,
    async () => {
      const { stdout, stderr, exitCode } = await exec(service.containerId, ['ss', '-Hltn', 'sport = :443']);
      last = stdout || stderr;
      return exitCode === 0 && stdout.includes(':443');
    },
    {
      limit_ms: 15_000,
      every_ms: 40,
      lastSeen: () => last || 'no listener',
      remedy: 'run nginx -t with the configuration of this variant',
    },
  );
}

/** Makes blocks of addresses local to a container, so that it may send from each of them. */
export async function ownBlocks(containerId: string, cidrs: readonly string[]): Promise<void> {
  const commands = cidrs.map((cidr) => `ip route replace local ${cidr} dev lo`);
  await mustExec(containerId, ['sh', '-ec', commands.join(' && ')], { user: 'root' });
}
