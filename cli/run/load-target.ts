import { block } from '../../environments/harness/addresses.ts';
import { HarnessError } from '../../environments/harness/errors.ts';
import { startGenerators } from '../../environments/harness/generator.ts';
import { coreSets } from '../../environments/harness/host-cores.ts';
import { allowedCores } from '../../environments/harness/observe-containers.ts';
import { remoteWriteUrl } from '../../environments/harness/prometheus.ts';
import type { ServiceRef, TopologyDescriptor } from '../../environments/harness/types.ts';
import type { ScenarioOptions } from '../../scenarios/run.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { endpointOf } from './endpoints.ts';
import { generatorHost } from './generator-host.ts';
import type { Measuring } from './measuring.ts';
import { monitoringOf } from './remote-write.ts';
import { sampleResources } from './resources.ts';

/** Where load goes, where it comes from, and what is watched meanwhile. */
export type LoadTarget = Pick<
  ScenarioOptions,
  | 'host'
  | 'gateway'
  | 'baseUrl'
  | 'backends'
  | 'clientBlock'
  | 'sutCores'
  | 'besides'
  | 'remoteWrite'
  | 'sample'
  | 'signal'
> & {
  /** Client addresses that the generators own. */
  readonly addresses: number;
  readonly generators: readonly ServiceRef[];
};

/** What every load scenario of a topology shares; starts the generators that do not run yet. */
export async function loadTarget(
  scenario: Scenario,
  count: number,
  { topology, signal, remoteWrite, progress }: Measuring,
): Promise<LoadTarget> {
  const started = await startGenerators(topology, count);
  const generators = started.map(({ service }) => service);
  const [first, ...besides] = started.map(({ service, clientBlock }) => ({
    host: generatorHost(service),
    clientBlock,
  }));
  if (!first) throw new RangeError('a load needs a generator');
  const gateway = topology.services.find(({ name }) => name === 'gateway-1');
  const told = new Set<string>();
  const missing = (what: string): void => {
    if (!told.has(what)) progress.note(`Not in the record: ${what}.`);
    told.add(what);
  };
  const pair = scenario.through === 'virtual address';
  const watched = topology.services.filter(({ name, role }) => role !== 'vantage' && (pair || name !== 'gateway-2'));
  const cores = await coreSets(gateway?.containerId ?? '', generators[0]?.containerId ?? '');
  return {
    ...first,
    besides,
    ...(remoteWrite ? { remoteWrite: remoteWriteUrl(monitoringOf(topology)) } : {}),
    gateway: {
      address: (pair ? virtualAddress(topology) : gateway?.addresses['edge']) ?? '',
      serverName: topology.serverName,
    },
    ...(scenario.store === undefined ? {} : { baseUrl: storeUrl(topology, scenario.store) }),
    backends: await addressesOf(topology, scenario.besides ?? []),
    // The first and the last address of a block are not given to clients.
    generators,
    addresses: started.reduce((sum, { clientBlock }) => sum + block(clientBlock).size - 2, 0),
    sutCores: await allowedCores(gateway?.containerId ?? ''),
    sample: () =>
      sampleResources({
        services: [...watched, ...generators],
        gateways: watched.filter(({ role }) => role === 'gateway'),
        serverName: topology.serverName,
        cores,
        workers: scenario.watchesWorkers ?? false,
        prometheus: topology.services.find(({ role }) => role === 'monitoring'),
        missing,
      }),
    signal,
  };
}

/** @throws HarnessError when the gateways of the topology share no address */
function virtualAddress({ virtualAddress: shared, environment }: TopologyDescriptor): string {
  if (shared === undefined)
    throw new HarnessError(
      `the gateways of ${environment} hold no address in turn`,
      'take the scenario out, or document a virtual address in environment.ts',
    );
  return shared;
}

/** The only store that can be asked so far is Redis. */
function storeUrl({ services }: TopologyDescriptor, name: string): string {
  const store = services.find((candidate) => candidate.name === name && candidate.role === 'redis');
  if (!store) throw new RangeError(`the topology has no Redis ${name}`);
  return `redis://${store.addresses['backend'] ?? ''}:6379`;
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
