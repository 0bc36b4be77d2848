import { block } from '../../environments/harness/addresses.ts';
import type { ServiceRef, TopologyDescriptor } from '../../environments/harness/types.ts';
import type { ScenarioOptions } from '../../scenarios/run.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { endpointOf } from './endpoints.ts';
import { generatorHost } from './generator-host.ts';
import type { Measuring } from './measuring.ts';
import { sampleResources } from './resources.ts';

/** Where load goes, where it comes from, and what is watched meanwhile. */
export type LoadTarget = Pick<
  ScenarioOptions,
  'host' | 'gateway' | 'backends' | 'clientBlock' | 'sample' | 'signal'
> & {
  /** Client addresses that the generator owns. */
  readonly addresses: number;
};

/** What every load scenario of a topology shares. */
export async function loadTarget(
  scenario: Scenario,
  generator: ServiceRef,
  { topology, signal }: Measuring,
): Promise<LoadTarget> {
  const gateway = topology.services.find(({ name }) => name === 'gateway-1');
  const clientBlock = topology.clientBlocks.find(({ name }) => name === 'load')?.cidr ?? '';
  const watched = topology.services.filter(({ name, role }) => role !== 'vantage' && name !== 'gateway-2');
  return {
    host: generatorHost(generator),
    gateway: { address: gateway?.addresses['edge'] ?? '', serverName: topology.serverName },
    backends: await addressesOf(topology, scenario.besides ?? []),
    clientBlock,
    // The first and the last address of a block are not given to clients.
    addresses: block(clientBlock).size - 2,
    sample: () => sampleResources([...watched, generator]),
    signal,
  };
}

/** Where instances of applications listen, as `http://<address>:<port>`. */
async function addressesOf(topology: TopologyDescriptor, instances: readonly string[]): Promise<string[]> {
  const endpoint = await endpointOf(topology);
  return instances.map((name) => {
    const service = topology.services.find((candidate) => candidate.name === name && candidate.role === 'app');
    if (!service) throw new RangeError(`the topology has no application ${name}`);
    const { address, port } = endpoint(service);
    return `http://${address}:${String(port)}`;
  });
}
