import { addressPlan } from './addresses.ts';
import { startContainer } from './containers.ts';
import type { ContainerSpec } from './containers.ts';
import { removeContainer } from './docker.ts';
import { HarnessError } from './errors.ts';
import type { ServiceRef, TopologyDescriptor } from './types.ts';

/** Segments that nobody else uses: of the backend network, and of the public side. */
const SEGMENTS = { backend: 40, edge: 15 } as const;
const FIRST_HOST = 10;

/** What an experiment says of a container that it adds to the topology. */
export interface OwnSpec extends Pick<
  ContainerSpec,
  'name' | 'command' | 'env' | 'files' | 'tmpfs' | 'memory_mib' | 'capabilities' | 'volumes'
> {
  /** Role whose image it starts from. */
  readonly image: string;
  /** Where it stands; among the backends when absent. */
  readonly network?: keyof typeof SEGMENTS;
}

/** Containers on one network each that experiments add to a topology. They go with the run at the latest. */
export class OwnContainers {
  readonly #topology: TopologyDescriptor;
  readonly #running = new Map<string, ServiceRef>();
  #next = FIRST_HOST;

  constructor(topology: TopologyDescriptor) {
    this.#topology = topology;
  }

  find(name: string): ServiceRef | undefined {
    return this.#running.get(name);
  }

  /** Starts a container, or finds the one that was started by this name. @throws {HarnessError} without an image for its role */
  async start({ image: role, network = 'backend', ...spec }: OwnSpec): Promise<ServiceRef> {
    const known = this.#running.get(spec.name);
    if (known) return known;
    const image = this.#topology.imageIds[role];
    if (!image) throw new HarnessError(`no image of role ${role} was prepared`, 'ask ensureImages for it as well');
    const plan = addressPlan(this.#topology.slot);
    const host = (this.#next += 1);
    const addresses: ServiceRef['addresses'] =
      network === 'edge'
        ? { edge: plan.edgeHost(SEGMENTS.edge, host) }
        : { backend: plan.backendHost(SEGMENTS.backend, host) };
    const containerId = await startContainer({ ...spec, image, runId: this.#topology.runId, role: 'own', addresses });
    const service: ServiceRef = { name: spec.name, role: 'own', containerId, addresses };
    this.#running.set(spec.name, service);
    return service;
  }

  async remove(name: string): Promise<void> {
    const service = this.#running.get(name);
    this.#running.delete(name);
    if (service) await removeContainer(service.containerId);
  }
}
