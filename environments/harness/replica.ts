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
  /** Reloads nginx and returns when no worker of before takes new connections: for a moment both generations do. */
  reload(): Promise<void>;
}

/** Upstream servers that a lab plays, with the ports that the configuration names. */
const LAB_PORTS: Readonly<Record<string, number>> = {
  ...Object.fromEntries([1, 2, 3, 4].map((n) => [`admin-${String(n)}`, 3000])),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`customer-${String(n)}`, 3001])),
  'auth-1': 3100,
};

/** Lanes whose place 0 has an address on the office's network (hosts 12 to 15). */
const OFFICE_LANES = 4;

/** Replicas that a lane has addresses for, numbered from 0; number 0 is kept for the one that meets the office. */
const MOST = 18;

/** Where a replica's addresses lie: nobody else has this pair. */
interface Place {
  readonly lane: number;
  readonly number: number;
}

/**
 * Starts replicas for one process. Its `lanes` (each 0–14) are nobody else's, so that
 * the addresses of several processes differ without asking each other.
 */
export class Replicas {
  readonly #topology: TopologyDescriptor;
  #free: readonly Place[];
  #certificate: Promise<FileToPut[]> | undefined;
  #sequence = 0;

  constructor(topology: TopologyDescriptor, lanes: readonly number[]) {
    const wrong = lanes.find((lane) => !Number.isInteger(lane) || lane < 0 || lane > 14);
    if (wrong !== undefined) throw new RangeError(`lane ${String(wrong)} is not 0–14`);
    this.#topology = topology;
    this.#free = Array.from({ length: MOST }, (_, number) => lanes.map((lane) => ({ lane, number }))).flat();
  }

  /** @throws {HarnessError} when the configuration does not load or all addresses of the lanes are taken */
  async start(options: ReplicaOptions): Promise<Replica> {
    const place = this.#take(options.office === true);
    const { lane, number } = place;
    const ids: string[] = [];
    const release = async (): Promise<void> => {
      await Promise.all(ids.map(removeContainer));
      this.#free = [...this.#free, place];
    };
    try {
      const plan = addressPlan(this.#topology.slot);
      const name = `replica-${String(lane)}-${process.pid.toString(36)}-${String((this.#sequence += 1))}`;
      const lab = options.backends === 'private' ? await this.#startLab(`${name}-lab`, place, options.env) : undefined;
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
          edge: plan.edgeHost(1 + lane, 10 + number),
          backend: plan.backendHost(1 + lane, 240 - number),
          operators: plan.operatorsHost(1 + lane, 10 + number),
          ...(options.office === true ? this.#office(place) : {}),
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
        reload: async () => {
          await mustExec(gateway.containerId, ['sh', '-ec', RELOAD]);
        },
        [Symbol.asyncDispose]: release,
      };
    } catch (error) {
      await release();
      throw error;
    }
  }

  #take(office: boolean): Place {
    const place = this.#free.find(({ lane, number }) => (office ? number === 0 && lane < OFFICE_LANES : number > 0));
    if (!place) throw new HarnessError('too many replicas are in use at once', 'let cases give their replicas back');
    this.#free = this.#free.filter((other) => other !== place);
    return place;
  }

  /** The address on the office's network; none when this topology plays the office elsewhere. */
  #office({ lane }: Place): Readonly<Record<string, string>> {
    const plan = addressPlan(this.#topology.slot);
    const planned = plan.networks.find(({ name }) => name === 'office')?.cidr;
    return planned === this.#topology.networks['office']?.cidr ? { office: plan.officeHost(12 + lane) } : {};
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
    { lane, number }: Place,
    env: ReplicaOptions['env'] = {},
  ): Promise<{ service: ServiceRef; addresses: Record<string, string> }> {
    const plan = addressPlan(this.#topology.slot);
    const names = Object.keys(LAB_PORTS);
    const addresses = Object.fromEntries(
      names.map((instance, i) => [instance, plan.backendHost(1 + lane, 2 + number * 12 + i)]),
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
      leftOut: this.#topology.leftOut,
      ...(scale === undefined ? {} : { scale }),
    });
    return [...files, ...(await this.#keys())];
  }

  /** The run's certificate, taken from the first gateway once. */
  #keys(): Promise<FileToPut[]> {
    this.#certificate ??= this.#readKeys();
    return this.#certificate;
  }

  async #readKeys(): Promise<FileToPut[]> {
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

/** A worker that has been told to leave says so in its title. */
const RELOAD = `
old=$(pgrep -fx 'nginx: worker process')
nginx -s reload
for look in $(seq 300); do
  left=0
  for pid in $old; do [ "$(ps -o args= -p $pid)" != 'nginx: worker process' ] || left=1; done
  [ $left = 1 ] || exit 0
  sleep 0.05
done
echo 'workers of before still take connections after 15 s' >&2
exit 1
`;

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
