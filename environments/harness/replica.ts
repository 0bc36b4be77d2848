import { addressPlan } from './addresses.ts';
import { startLab } from './apps.ts';
import { gatewayFiles } from './config.ts';
import { exec, mustExec, putFiles, readFile } from './containers.ts';
import type { FileToPut } from './containers.ts';
import { removeContainer } from './docker.ts';
import { HarnessError } from './errors.ts';
import { startGateway } from './gateway.ts';
import type { ConfigEdit, ReplicaOptions, ServiceRef, TopologyDescriptor } from './types.ts';
import { waitFor } from './wait.ts';

/** Behaviour of one backend instance of a lab; the keys are those of the service's own control file. */
export type Behaviour = Readonly<Record<string, unknown>>;

/** A gateway of one case's own, with backends that it may break. Gone at the end of its scope. */
export interface Replica extends AsyncDisposable {
  readonly gateway: ServiceRef;
  /** Upstream server name → address, as this replica's gateway sees it. */
  readonly instances: Readonly<Record<string, string>>;
  /** Sets the standing behaviour of one private instance and waits until it is in force. */
  behave(instance: string, behaviour: Behaviour): Promise<void>;
  /** Sends nginx a signal by way of its own command: `reload`, `quit`, `stop`, `reopen`. */
  signal(name: 'reload' | 'reopen'): Promise<void>;
}

/** Upstream servers that a lab plays, with the ports that the configuration names. */
const LAB_PORTS: Readonly<Record<string, number>> = {
  ...Object.fromEntries([1, 2, 3, 4].map((n) => [`admin-${String(n)}`, 3000])),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`customer-${String(n)}`, 3001])),
  'auth-1': 3100,
};

/** Lanes whose first replica has an address on the office's network (hosts 12 to 15). */
const OFFICE_LANES = 4;

/** Replicas that one process may have at a time; their addresses are numbered from 0. */
const MOST = 18;

/**
 * Starts replicas for one process. `lane` (0–14) tells processes apart, so that
 * their addresses differ without asking each other.
 */
export class Replicas {
  readonly #topology: TopologyDescriptor;
  readonly #lane: number;
  readonly #taken = new Set<number>();
  #sequence = 0;

  constructor(topology: TopologyDescriptor, lane: number) {
    if (!Number.isInteger(lane) || lane < 0 || lane > 14) throw new RangeError(`lane ${String(lane)} is not 0–14`);
    this.#topology = topology;
    this.#lane = lane;
  }

  /** @throws {HarnessError} when the configuration does not load or all addresses of the lane are taken */
  async start(options: ReplicaOptions): Promise<Replica> {
    const number = this.#take();
    const ids: string[] = [];
    const release = async (): Promise<void> => {
      await Promise.all(ids.map(removeContainer));
      this.#taken.delete(number);
    };
    try {
      const plan = addressPlan(this.#topology.slot);
      const name = `replica-${String(this.#lane)}-${process.pid.toString(36)}-${String((this.#sequence += 1))}`;
      const lab = options.backends === 'private' ? await this.#startLab(`${name}-lab`, number, options.env) : undefined;
      if (lab) ids.push(lab.service.containerId);
      const hosts = lab?.addresses ?? this.#sharedBackends();
      const gateway = await startGateway({
        runId: this.#topology.runId,
        name,
        image: this.#image('gateway'),
        plan,
        hosts,
        files: await this.#files(options),
        addresses: {
          edge: plan.edgeHost(1 + this.#lane, 10 + number),
          backend: plan.backendHost(1 + this.#lane, 240 - number),
          operators: plan.operatorsHost(1 + this.#lane, 10 + number),
          ...this.#office(number),
        },
      });
      ids.push(gateway.containerId);
      return {
        gateway,
        instances: hosts,
        behave: async (instance, behaviour) => {
          if (!lab)
            throw new HarnessError(
              'shared backends keep their behaviour',
              "ask for a replica with backends: 'private'",
            );
          await behave(lab.service, lab.addresses, instance, behaviour);
        },
        signal: async (signal) => {
          await mustExec(gateway.containerId, ['nginx', '-s', signal]);
        },
        [Symbol.asyncDispose]: release,
      };
    } catch (error) {
      await release();
      throw error;
    }
  }

  #take(): number {
    for (let number = 0; number < MOST; number += 1) {
      if (this.#taken.has(number)) continue;
      this.#taken.add(number);
      return number;
    }
    throw new HarnessError(`${String(MOST)} replicas are in use at once`, 'let cases give their replicas back');
  }

  /** The office's network is small: only the first replica of a case lane meets it, the one that stands in for a gateway. */
  #office(number: number): Readonly<Record<string, string>> {
    const plan = addressPlan(this.#topology.slot);
    const planned = plan.networks.find(({ name }) => name === 'office')?.cidr;
    if (number > 0 || this.#lane > OFFICE_LANES - 1 || planned !== this.#topology.networks['office']?.cidr) return {};
    return { office: plan.officeHost(12 + this.#lane) };
  }

  #image(role: string): string {
    return this.#topology.imageIds[role] ?? '';
  }

  #sharedBackends(): Record<string, string> {
    const apps = this.#topology.services.filter(({ role }) => role === 'app');
    if (apps.length === 0)
      throw new HarnessError('this topology has no backends of its own', "ask for a replica with backends: 'private'");
    return Object.fromEntries(apps.map(({ name, addresses }) => [name, addresses['backend'] ?? '']));
  }

  async #startLab(
    name: string,
    number: number,
    env: ReplicaOptions['env'] = {},
  ): Promise<{ service: ServiceRef; addresses: Record<string, string> }> {
    const plan = addressPlan(this.#topology.slot);
    const names = Object.keys(LAB_PORTS);
    const addresses = Object.fromEntries(
      names.map((instance, i) => [instance, plan.backendHost(1 + this.#lane, 2 + number * 12 + i)]),
    );
    const service = await startLab({
      runId: this.#topology.runId,
      name,
      image: this.#image('app'),
      instances: Object.fromEntries(
        names.map((instance) => [instance, { address: addresses[instance] ?? '', port: LAB_PORTS[instance] ?? 0 }]),
      ),
      arrivalsVolume: `gateproof-${this.#topology.runId}-arrivals`,
      env: {
        TRUST_PROXY: 'true',
        TRUST_PROXY_HOPS: '1',
        CORS_ORIGINS: 'https://api.insightserenity.com,https://www.insightserenity.com',
        ...env,
      },
    });
    return { service, addresses };
  }

  async #files({ scale, edit, workers }: ReplicaOptions): Promise<FileToPut[]> {
    const edits: ConfigEdit[] = [...(edit ? [edit] : []), ...(workers === undefined ? [] : [workerProcesses(workers)])];
    const files = await gatewayFiles(this.#topology.configDir, {
      edit: (path, text) => edits.reduce((current, apply) => apply(path, current), text),
      ...(scale === undefined ? {} : { scale }),
    });
    return [...files, ...(await this.#keys())];
  }

  /** The run's certificate, taken from the first gateway. */
  async #keys(): Promise<FileToPut[]> {
    const first = this.#topology.services.find(({ role }) => role === 'gateway');
    if (!first) throw new HarnessError('the topology has no gateway to take the certificate from', 'start it again');
    const live = `/etc/letsencrypt/live/${this.#topology.serverName}`;
    return Promise.all(
      ['fullchain.pem', 'privkey.pem', 'chain.pem'].map(async (file) => ({
        path: `${live}/${file}`,
        content: await readFile(first.containerId, `${live}/${file}`),
        mode: file === 'privkey.pem' ? 0o600 : 0o644,
      })),
    );
  }
}

const workerProcesses =
  (count: number): ConfigEdit =>
  (_path, text) =>
    text.replace(/^(\s*worker_processes\s+)\S+;/m, `$1${String(count)};`);

async function behave(
  lab: ServiceRef,
  addresses: Readonly<Record<string, string>>,
  instance: string,
  behaviour: Behaviour,
): Promise<void> {
  const address = addresses[instance];
  if (!address) throw new RangeError(`no instance ${instance}`);
  await putFiles(lab.containerId, [
    { path: `/run/gateproof/${instance}.json`, content: JSON.stringify(behaviour), mode: 0o666 },
  ]);
  const shouldListen = behaviour['listening'] !== false;
  await waitFor(
    `${instance} ${shouldListen ? 'listening' : 'no longer listening'}`,
    async () => {
      const { stdout } = await exec(lab.containerId, ['ss', '-Hltn', 'src', address]);
      return (stdout.trim() !== '') === shouldListen;
    },
    { limit_ms: 10_000, every_ms: 40 },
  );
}
