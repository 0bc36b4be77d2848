import { addressPlan } from './addresses.ts';
import { CPU_SHARES, mustExec, startContainer } from './containers.ts';
import { docker } from './docker.ts';
import { ownBlocks } from './gateway.ts';
import { placeOnCores } from './pinning.ts';
import type { ServiceRef, TopologyDescriptor } from './types.ts';

/**
 * Starts the load generator of a topology, or finds the one that runs: it owns
 * the block `load`, to which the gateways already have a route.
 */
export async function startGenerator(topology: TopologyDescriptor): Promise<ServiceRef> {
  const plan = addressPlan(topology.slot);
  // Among the backends too: what the gateway adds is the difference to a request past it.
  const addresses = { edge: plan.edgeHost(0, 11), backend: plan.backendHost(0, 63) };
  const name = 'generator';
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
  const load = plan.blocks.filter((block) => block.name === 'load').map(({ cidr }) => cidr);
  await ownBlocks(containerId, load);
  // Only gateways have routes back to the clients' addresses: to backends the generator speaks as itself.
  for (const cidr of load) {
    const rule = [
      'POSTROUTING',
      '-s',
      cidr,
      '-d',
      topology.networks['backend']?.cidr ?? '',
      '-j',
      'SNAT',
      '--to-source',
      addresses.backend,
    ];
    await mustExec(containerId, ['iptables', '-t', 'nat', '-A', ...rule], { user: 'root' });
  }
  await placeOnCores([service], 'separate');
  return service;
}
