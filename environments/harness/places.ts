import { addressPlan } from './addresses.ts';
import { HarnessError } from './errors.ts';
import { routesToClients } from './gateway.ts';
import { startSandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';
import type { ReplicaOptions, TopologyDescriptor } from './types.ts';

/** Upstream servers that a lab plays, with the ports that the configuration names. */
export const LAB_PORTS: Readonly<Record<string, number>> = {
  ...Object.fromEntries([1, 2, 3, 4].map((n) => [`admin-${String(n)}`, 3000])),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`customer-${String(n)}`, 3001])),
  'auth-1': 3100,
};

/** Lanes whose place 0 has an address on the office's network (hosts 12 to 15). */
const OFFICE_LANES = 4;

/** Replicas that a lane has addresses for, numbered from 0; number 0 is kept for the one that meets the office. */
const MOST = 18;

/** The network namespaces of a place. Their hosts file names the backends, so they serve replicas with the same ones. */
interface Sandboxes {
  readonly backends: ReplicaOptions['backends'];
  readonly gateway: Sandbox;
  readonly lab?: Sandbox;
}

/** Addresses that nobody else has. */
interface Place {
  readonly lane: number;
  readonly number: number;
  readonly sandboxes?: Sandboxes;
}

/** A place that is in use, ready for containers. */
export interface TakenPlace {
  readonly lane: number;
  readonly gateway: { readonly addresses: Readonly<Record<string, string>>; readonly networkOf: string };
  /** Whose network has the addresses of private backends; absent with shared ones. */
  readonly labNetworkOf?: string;
  /** Upstream server → address. */
  readonly hosts: Readonly<Record<string, string>>;
  /** Gives the place back. Its containers are gone by then. */
  release(): Promise<void>;
}

/**
 * Places for the replicas of one process. Its `lanes` (each 0–14) are nobody else's, so
 * that the addresses of several processes differ without asking each other. Network
 * namespaces stay for the next replica; `dispose` removes them.
 */
export class Places implements AsyncDisposable {
  readonly #topology: TopologyDescriptor;
  #free: readonly Place[];
  #sequence = 0;

  constructor(topology: TopologyDescriptor, lanes: readonly number[]) {
    const wrong = lanes.find((lane) => !Number.isInteger(lane) || lane < 0 || lane > 14);
    if (wrong !== undefined) throw new RangeError(`lane ${String(wrong)} is not 0–14`);
    this.#topology = topology;
    this.#free = Array.from({ length: MOST }, (_, number) => lanes.map((lane) => ({ lane, number }))).flat();
  }

  /** @throws {HarnessError} when all addresses of the lanes are taken */
  async take(options: ReplicaOptions): Promise<TakenPlace> {
    const shared = options.backends === 'shared' ? this.#sharedBackends() : undefined;
    const place = this.#choose(options);
    const { lane, number } = place;
    const hosts = shared ?? this.#labAddresses(place);
    const addresses = this.#gatewayAddresses(place, options.office === true);
    let sandboxes: Sandboxes;
    try {
      sandboxes = await this.#sandboxes(place, options, addresses, hosts);
    } catch (error) {
      this.#free = [...this.#free, { lane, number }];
      throw error;
    }
    const { gateway, lab } = sandboxes;
    return {
      lane,
      gateway: { addresses, networkOf: gateway.containerId },
      ...(lab ? { labNetworkOf: lab.containerId } : {}),
      hosts,
      release: async () => {
        const spent = options.freshNetwork === true;
        if (spent) await remove(sandboxes);
        this.#free = [{ lane, number, ...(spent ? {} : { sandboxes }) }, ...this.#free];
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = this.#free.flatMap(({ sandboxes }) => sandboxes ?? []);
    this.#free = this.#free.map(({ lane, number }) => ({ lane, number }));
    await Promise.all(all.map(remove));
  }

  /** Best a place whose namespaces fit, else one that has none yet. */
  #choose(options: ReplicaOptions): Place {
    const possible = this.#free.filter(({ lane, number }) =>
      options.office === true ? number === 0 && lane < OFFICE_LANES : number > 0,
    );
    const place =
      possible.find(({ sandboxes }) => fitting(sandboxes, options)) ??
      possible.find(({ sandboxes }) => !sandboxes) ??
      possible[0];
    if (!place) throw new HarnessError('too many replicas are in use at once', 'let cases give their replicas back');
    this.#free = this.#free.filter((other) => other !== place);
    return place;
  }

  async #sandboxes(
    { lane, number, sandboxes }: Place,
    options: ReplicaOptions,
    addresses: Readonly<Record<string, string>>,
    hosts: Readonly<Record<string, string>>,
  ): Promise<Sandboxes> {
    const known = fitting(sandboxes, options);
    if (known) return known;
    if (sandboxes) await remove(sandboxes);
    const { backends } = options;
    const plan = addressPlan(this.#topology.slot);
    const { runId, imageIds } = this.#topology;
    const name = `sandbox-${String(lane)}-${String(number)}-${process.pid.toString(36)}-${String((this.#sequence += 1))}`;
    const gateway = await startSandbox({
      runId,
      name,
      image: imageIds['gateway'] ?? '',
      addresses,
      hosts,
      routes: routesToClients({ plan, addresses }),
    });
    if (backends === 'shared') return { backends, gateway };
    const [first = '', ...others] = Object.values(hosts);
    try {
      const lab = await startSandbox({
        runId,
        name: `${name}-lab`,
        image: imageIds['app'] ?? '',
        addresses: { backend: first },
        moreAddresses: others.map((address) => `${address}/18`),
      });
      return { backends, gateway, lab };
    } catch (error) {
      await gateway[Symbol.asyncDispose]();
      throw error;
    }
  }

  #gatewayAddresses({ lane, number }: Place, office: boolean): Record<string, string> {
    const plan = addressPlan(this.#topology.slot);
    // None when this topology plays the office elsewhere.
    const planned = plan.networks.find(({ name }) => name === 'office')?.cidr;
    const onOffice = office && planned === this.#topology.networks['office']?.cidr;
    return {
      edge: plan.edgeHost(1 + lane, 10 + number),
      backend: plan.backendHost(1 + lane, 240 - number),
      operators: plan.operatorsHost(1 + lane, 10 + number),
      ...(onOffice ? { office: plan.officeHost(12 + lane) } : {}),
    };
  }

  #labAddresses({ lane, number }: Place): Record<string, string> {
    const plan = addressPlan(this.#topology.slot);
    return Object.fromEntries(
      Object.keys(LAB_PORTS).map((instance, i) => [instance, plan.backendHost(1 + lane, 2 + number * 12 + i)]),
    );
  }

  #sharedBackends(): Record<string, string> {
    const apps = this.#topology.services.filter(({ role }) => role === 'app');
    if (apps.length === 0)
      throw new HarnessError('this topology has no backends of its own', "ask for a replica with backends: 'private'");
    return Object.fromEntries(apps.map(({ name, addresses }) => [name, addresses['backend'] ?? '']));
  }
}

/** The namespaces of a place, when a replica can use them as they are. */
function fitting(sandboxes: Sandboxes | undefined, { backends, freshNetwork }: ReplicaOptions): Sandboxes | undefined {
  return freshNetwork !== true && sandboxes?.backends === backends ? sandboxes : undefined;
}

async function remove({ gateway, lab }: Sandboxes): Promise<void> {
  await Promise.all([gateway[Symbol.asyncDispose](), lab?.[Symbol.asyncDispose]()]);
}
