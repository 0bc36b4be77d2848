import type { AddressPlan } from './addresses.ts';
import { VIRTUAL_ADDRESS } from './environment.ts';
import { HarnessError } from './errors.ts';
import { removeOthers, removeRun } from './leftovers.ts';
import { saveLogs } from './logs.ts';
import { createNetworks } from './networks.ts';
import type { RunNetworks } from './networks.ts';
import {
  backendHosts,
  createArrivalsVolume,
  settle,
  sharedAddress,
  startBackends,
  startGateways,
  startObservers,
  startStores,
} from './parts.ts';
import type { StartOptions } from './parts.ts';
import { placeOnCores } from './pinning.ts';
import { oneHolder } from './redundancy.ts';
import type { ServiceRef, TopologyDescriptor } from './types.ts';
import type { Variant } from './variant.ts';

/** A running topology: stop it (or leave its scope) and nothing of it remains. */
export interface Topology extends AsyncDisposable {
  readonly descriptor: TopologyDescriptor;
  /** Milliseconds that the last start or switch took until everything was ready. */
  readonly started_ms: number;
  /** Puts another variant in place: new gateways and monitoring, the same backends and stores. */
  use(variant: Variant, logDir: string): Promise<void>;
  /**
   * Waits until one gateway alone holds the virtual address, where there is one. Not part of
   * the start: cases ask the gateways themselves, and the election goes on beside them.
   *
   * @throws {HarnessError} when that does not come about
   */
  oneHolder(): Promise<void>;
  /** Which cores system and instruments run on from now; `shared` after each start and switch. */
  place(placement: 'shared' | 'separate'): Promise<void>;
  stop(): Promise<void>;
}

const nothing = (): undefined => undefined;

/**
 * Starts a variant of an environment on internal networks with fixed addresses
 * and returns when every service is ready. On failure everything is removed again.
 *
 * @throws {HarnessError} naming the service and the wait that failed
 */
export async function start(options: StartOptions): Promise<Topology> {
  const topology = new RunningTopology(options);
  try {
    await topology.begin();
    return topology;
  } catch (error) {
    await topology.stop();
    throw error;
  }
}

class RunningTopology implements Topology {
  readonly #options: StartOptions;
  #variant: Variant;
  #logDir: string;
  #networks: RunNetworks | undefined;
  #base: readonly ServiceRef[] = [];
  #descriptor: TopologyDescriptor | undefined;
  #stopped: Promise<void> | undefined;
  started_ms = 0;

  constructor(options: StartOptions) {
    this.#options = options;
    this.#variant = options.variant;
    this.#logDir = options.logDir;
  }

  get descriptor(): TopologyDescriptor {
    if (!this.#descriptor) throw new HarnessError('the topology is not running', 'start it first');
    return this.#descriptor;
  }

  async begin(): Promise<void> {
    const began = performance.now();
    const progress = this.#options.progress ?? nothing;
    progress('networks');
    this.#networks = await createNetworks(this.#options.runId, {
      owner: this.#options.owner,
      environment: this.#options.name,
    });
    const volume = await createArrivalsVolume(this.#options.runId);
    progress('services');
    const { plan } = this.#networks;
    const observers = startObservers(this.#options, plan, volume);
    const base = startBackends(this.#options, plan, volume, observers);
    const front = observers.then(({ inspector }) => this.#front(plan, inspector));
    const [observed, backends, gateways] = await settle([observers, base, front] as const);
    this.#base = [...Object.values(observed), ...backends];
    this.#ready([...this.#base, ...gateways], began);
  }

  async use(variant: Variant, logDir: string): Promise<void> {
    const began = performance.now();
    await saveLogs(this.#options.runId, this.#logDir).catch(nothing);
    this.#variant = variant;
    this.#logDir = logDir;
    await placeOnCores(this.#base, 'shared');
    await removeOthers(
      this.#options.runId,
      this.#base.map(({ containerId }) => containerId),
    );
    const inspector = this.#base.find(({ role }) => role === 'inspector');
    if (!this.#networks || !inspector) throw new HarnessError('the topology is not running', 'start it first');
    const gateways = await this.#front(this.#networks.plan, inspector);
    this.#ready([...this.#base, ...gateways], began);
  }

  async oneHolder(): Promise<void> {
    const { virtualAddress, services } = this.descriptor;
    if (virtualAddress === undefined) return;
    await oneHolder(
      services.filter(({ role }) => role === 'gateway'),
      virtualAddress,
    );
  }

  place(placement: 'shared' | 'separate'): Promise<void> {
    return placeOnCores(this.descriptor.services, placement);
  }

  /** What differs between variants: the gateways and the monitoring. */
  async #front(plan: AddressPlan, inspector: ServiceRef): Promise<ServiceRef[]> {
    const options = { ...this.#options, variant: this.#variant };
    const hosts = backendHosts(options.environment, plan);
    const started = await settle([
      startGateways(options, plan, hosts, inspector),
      options.extent === 'full' ? startStores(options, plan, hosts, ['monitoring']) : Promise.resolve([]),
    ] as const);
    return started.flat();
  }

  #ready(services: readonly ServiceRef[], began: number): void {
    if (!this.#networks) throw new HarnessError('the topology has no networks', 'start it again');
    this.#descriptor = describe({ ...this.#options, variant: this.#variant }, this.#networks, services);
    this.started_ms = Math.round(performance.now() - began);
  }

  stop(): Promise<void> {
    this.#stopped ??= saveLogs(this.#options.runId, this.#logDir)
      .catch(nothing)
      .then(() => removeRun(this.#options.runId, this.#options.progress));
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

function describe(
  options: StartOptions,
  { plan, networks }: RunNetworks,
  services: readonly ServiceRef[],
): TopologyDescriptor {
  const shared = sharedAddress(options, plan);
  const addressOf = new Map([
    ...services.map(({ name, addresses }) => [name, addresses['edge'] ?? addresses['backend'] ?? ''] as const),
    ...(shared === undefined ? [] : [[VIRTUAL_ADDRESS, shared] as const]),
  ]);
  return {
    runId: options.runId,
    environment: options.name,
    variant: options.variant.name,
    serverName: options.environment.serverName,
    slot: plan.slot,
    services,
    ...(shared === undefined ? {} : { virtualAddress: shared }),
    clientBlocks: plan.blocks,
    networks,
    addressMap: Object.fromEntries(
      Object.entries(options.environment.documentedAddresses).map(([documented, name]) => [
        documented,
        `${name} ${addressOf.get(name) ?? 'not started'}`,
      ]),
    ),
    imageIds: Object.fromEntries(Object.entries(options.images.roles).map(([role, image]) => [role, image.reference])),
    configDir: options.variant.dir,
    leftOut: options.variant.leftOut,
  };
}
