import { addressPlan, shares } from './addresses.ts';
import type { AddressPlan } from './addresses.ts';
import { CPU_SHARES, mustExec, startContainer } from './containers.ts';
import { docker } from './docker.ts';
import { ownBlocks } from './gateway.ts';
import { placeOnCores } from './pinning.ts';
import type { ServiceRef, TopologyDescriptor } from './types.ts';

/** A load generator and the client addresses that it owns. */
export interface OwnGenerator {
  readonly service: ServiceRef;
  readonly clientBlock: string;
}

/**
 * Starts the load generators of a topology, or finds those that run; each owns a part of the
 * block `load`. Gateways know the way to the first one, and are told that to the others.
 */
export async function startGenerators(topology: TopologyDescriptor, count: number): Promise<OwnGenerator[]> {
  const blocks = shares(loadBlock(addressPlan(topology.slot)), count);
  const started = await Promise.all(
    blocks.map(async (clientBlock, n) => ({ service: await start(topology, n, clientBlock), clientBlock })),
  );
  const routes = started
    .slice(1)
    .map(({ service, clientBlock }) => `ip route replace ${clientBlock} via ${service.addresses['edge'] ?? ''}`);
  const gateways = topology.services.filter(({ role }) => role === 'gateway');
  if (routes.length > 0)
    await Promise.all(
      gateways.map(({ containerId }) => mustExec(containerId, ['sh', '-ec', routes.join('\n')], { user: 'root' })),
    );
  return started;
}

const loadBlock = (plan: AddressPlan): string => plan.blocks.find(({ name }) => name === 'load')?.cidr ?? '';

async function start(topology: TopologyDescriptor, n: number, clientBlock: string): Promise<ServiceRef> {
  const plan = addressPlan(topology.slot);
  // Among the backends too: what the gateway adds is the difference to a request past it.
  const addresses = { edge: plan.edgeHost(0, 11 + n), backend: plan.backendHost(0, 63 + n) };
  const name = n === 0 ? 'generator' : `generator-${String(n + 1)}`;
  const [running] = await docker().listContainers({ filters: { name: [`^/gateproof-${topology.runId}-${name}$`] } });
  if (running) return { name, role: 'generator', containerId: running.Id, addresses };
  const containerId = await startContainer({
    runId: topology.runId,
    name,
    role: 'generator',
    image: topology.imageIds['generator'] ?? '',
    addresses,
    command: ['sleep', 'infinity'],
    capabilities: ['NET_ADMIN', 'SYS_NICE'],
    cpuShares: CPU_SHARES.instrument,
    sysctls: { 'net.ipv4.ip_local_port_range': '1024 65000' },
  });
  const service: ServiceRef = { name, role: 'generator', containerId, addresses };
  await ownBlocks(containerId, [clientBlock]);
  // Only gateways have routes back to the clients' addresses: to backends the generator speaks as itself.
  const backends = topology.networks['backend']?.cidr ?? '';
  const rule = ['-s', clientBlock, '-d', backends, '-j', 'SNAT', '--to-source', addresses.backend];
  await mustExec(containerId, ['iptables', '-t', 'nat', '-A', 'POSTROUTING', ...rule], { user: 'root' });
  await placeOnCores([service], 'separate');
  return service;
}
