import { addressPlan } from './addresses.ts';
import { startLab } from './apps.ts';
import { gatewayFiles } from './config.ts';
import { exec, mustExec, putFiles, readFile } from './containers.ts';
import type { FileToPut } from './containers.ts';
import { removeContainer } from './docker.ts';
import { HarnessError } from './errors.ts';
import { startGateway } from './gateway.ts';
import { LAB_PORTS, Places } from './places.ts';
import type { TakenPlace } from './places.ts';
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

/** Starts replicas for one process, on places of its lanes. */
export class Replicas implements AsyncDisposable {
  readonly #topology: TopologyDescriptor;
  readonly #places: Places;
  #certificate: Promise<FileToPut[]> | undefined;
  #sequence = 0;

  constructor(topology: TopologyDescriptor, lanes: readonly number[]) {
    this.#topology = topology;
    this.#places = new Places(topology, lanes);
  }

  /** @throws {HarnessError} when the configuration does not load or all addresses of the lanes are taken */
  async start(options: ReplicaOptions): Promise<Replica> {
    const place = await this.#places.take(options);
    const ids: string[] = [];
    const release = async (): Promise<void> => {
      await Promise.all(ids.map(removeContainer));
      await place.release();
    };
    try {
      const name = `replica-${String(place.lane)}-${process.pid.toString(36)}-${String((this.#sequence += 1))}`;
      const lab = await this.#startLab(`${name}-lab`, place, options.env);
      if (lab) ids.push(lab.containerId);
      const gateway = await startGateway({
        runId: this.#topology.runId,
        name,
        image: this.#image('gateway'),
        plan: addressPlan(this.#topology.slot),
        hosts: place.hosts,
        files: await this.#files(options),
        ...place.gateway,
      });
      ids.push(gateway.containerId);
      return {
        gateway,
        instances: place.hosts,
        behave: async (instance, behaviour) => {
          if (!lab)
            throw new HarnessError(
              'shared backends keep their behaviour',
              "ask for a replica with backends: 'private'",
            );
          await behave(lab, place.hosts, instance, behaviour);
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

  /** Removes what replicas left for the next one. Those that are in use are removed by whoever has them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#places[Symbol.asyncDispose]();
  }

  #image(role: string): string {
    return this.#topology.imageIds[role] ?? '';
  }

  /** The private backends of a place; none where backends are shared. */
  async #startLab(
    name: string,
    { hosts, labNetworkOf }: TakenPlace,
    env: ReplicaOptions['env'] = {},
  ): Promise<ServiceRef | undefined> {
    if (labNetworkOf === undefined) return undefined;
    return startLab({
      runId: this.#topology.runId,
      name,
      image: this.#image('app'),
      networkOf: labNetworkOf,
      instances: Object.fromEntries(
        Object.entries(hosts).map(([instance, address]) => [instance, { address, port: LAB_PORTS[instance] ?? 0 }]),
      ),
      arrivalsVolume: `gateproof-${this.#topology.runId}-arrivals`,
      env: {
        TRUST_PROXY: 'true',
        TRUST_PROXY_HOPS: '1',
        CORS_ORIGINS: 'https://api.insightserenity.com,https://www.insightserenity.com',
        ...env,
      },
    });
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
