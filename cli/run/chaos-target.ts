import { createInterface } from 'node:readline';
import { exec, streamExec } from '../../environments/harness/containers.ts';
import { FaultActions } from '../../environments/harness/fault-actions.ts';
import { OwnContainers } from '../../environments/harness/own-containers.ts';
import type { ServiceRef, TopologyDescriptor } from '../../environments/harness/types.ts';
import { block } from '../../environments/harness/addresses.ts';
import { LANES } from '../../conformance/addresses.ts';
import type { ChaosTarget, Watcher } from '../../chaos/runner/target.ts';
import { endpointOf } from './endpoints.ts';

/** The prober's program in the vantage. */
const PROBER_PATH = '/opt/gateproof/chaos/prober/agent.ts';

/** The running topology as experiments use it. */
export async function chaosTarget(topology: TopologyDescriptor): Promise<ChaosTarget> {
  const endpoint = await endpointOf(topology);
  const own = new OwnContainers(topology);
  const host = new FaultActions(topology.runId, topology.imageIds['gateway'] ?? '');
  const service = (name: string): ServiceRef => {
    const found = topology.services.find((candidate) => candidate.name === name) ?? own.find(name);
    if (!found) throw new RangeError(`the topology has no service ${name}`);
    return found;
  };
  return {
    runId: topology.runId,
    variant: topology.variant,
    services: topology.services.map(({ name }) => name),
    gateway: {
      address: topology.virtualAddress ?? service('gateway-1').addresses['edge'] ?? '',
      port: 443,
      serverName: topology.serverName,
    },
    containerId: (name) => service(name).containerId,
    addresses: (name) => service(name).addresses,
    endpoint: (name) => endpoint(service(name)),
    host,
    exec: (name, argv) => exec(service(name).containerId, argv),
    watch: async (name, argv) => watch(await host.networkHelper(service(name).containerId), argv),
    startOwn: async (spec) => (await own.start(spec)).addresses[spec.network ?? 'backend'] ?? '',
    removeOwn: (name) => own.remove(name),
    // Nice −20: without it the prober is late on busy cores (measured: up to 7.7 ms instead of 1.5 ms).
    openProber: (from = 'vantage') =>
      streamExec(service(from).containerId, ['nice', '-n', '-20', 'node', PROBER_PATH], { user: 'root' }),
    freshClients: freshBlock(topology),
  };
}

async function watch(containerId: string, argv: readonly string[]): Promise<Watcher> {
  const { stdout, stderr, close } = await streamExec(containerId, argv, { user: 'root' });
  const lines: string[] = [];
  createInterface({ input: stdout }).on('line', (line) => lines.push(line));
  stderr.resume();
  return { lines, stop: close };
}

/**
 * Probes take half of the last lane's share of a client block, which cases never
 * use (of ordinary clients the other half holds the special addresses), as a block of
 * its own: walking through it again and again stays far below any per-address limit.
 */
function freshBlock(topology: TopologyDescriptor): ChaosTarget['freshClients'] {
  const used = new Map<string, number>();
  return (count, name = 'clients') => {
    const whole = topology.clientBlocks.find((one) => one.name === name)?.cidr ?? '';
    const { size, at } = block(whole);
    const half = size / LANES / 2;
    const skip = (used.get(name) ?? 0) % half;
    used.set(name, skip + count);
    return { cidr: `${at(size - 2 * half)}/${String(32 - Math.log2(half))}`, skip };
  };
}
