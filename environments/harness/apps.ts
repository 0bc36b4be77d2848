import { exec, lastWords, startContainer } from './containers.ts';
import { removeContainer } from './docker.ts';
import type { AppSpec } from './environment.ts';
import { instanceNames } from './environment.ts';
import type { ServiceRef } from './types.ts';
import { waitFor } from './wait.ts';

export const ARRIVALS_PATH = '/arrivals';

export interface AppStart {
  readonly runId: string;
  readonly image: string;
  readonly pool: string;
  readonly spec: AppSpec;
  readonly addressOf: (instance: string) => string;
  readonly arrivalsVolume: string;
}

/** Starts every instance of a pool under PM2, side by side; readiness is awaited by {@link appsReady}. */
export async function startApps(start: AppStart): Promise<ServiceRef[]> {
  const { spec, pool } = start;
  return Promise.all(
    instanceNames(pool, spec.replicas).map(async (instance) => {
      const address = start.addressOf(instance);
      const containerId = await startContainer({
        runId: start.runId,
        name: instance,
        role: 'app',
        image: start.image,
        addresses: { backend: address },
        env: {
          ...spec.env,
          SERVICE: spec.service,
          INSTANCE: instance,
          HOST: address,
          PORT: String(spec.port),
          WORKER_COUNT: String(spec.workers),
          PG_URL: 'postgres://gateproof:gateproof@postgres-1:5432/gateproof',
          REDIS_URL: 'redis://redis-1:6379',
        },
        volumes: { [start.arrivalsVolume]: ARRIVALS_PATH },
        memory_mib: 512,
      });
      return { name: instance, role: 'app' as const, containerId, addresses: { backend: address } };
    }),
  );
}

/** Waits until each address answers its health check with 200, seen from the inspector. */
export async function appsReady(
  inspectorId: string,
  endpoints: readonly { name: string; url: string }[],
): Promise<void> {
  const pending = new Map(endpoints.map(({ name, url }) => [url, name]));
  await waitFor(
    'every backend instance answering /health with 200',
    async () => {
      const urls = [...pending.keys()];
      const { stdout } = await exec(inspectorId, [
        'curl',
        '--silent',
        '--parallel',
        '--parallel-max',
        '12',
        '--max-time',
        '4',
        '--write-out',
        '%{url} %{http_code}\n',
        ...urls.flatMap((url) => ['--output', '/dev/null', url]),
      ]);
      for (const line of stdout.split('\n')) {
        const [url = '', status] = line.split(' ');
        if (status === '200') pending.delete(url);
      }
      return pending.size === 0;
    },
    { limit_ms: 60_000, every_ms: 250, lastSeen: () => `not ready: ${[...pending.values()].join(', ')}` },
  );
}

export interface LabStart {
  readonly runId: string;
  readonly name: string;
  readonly image: string;
  /** Instance → address and port; all of them played by one process. */
  readonly instances: Readonly<Record<string, { readonly address: string; readonly port: number }>>;
  readonly arrivalsVolume: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Container that has the addresses already; without one the lab brings them itself. */
  readonly networkOf?: string;
}

/** One container that plays every backend instance on addresses of their own; returns when all listen, in about a second. */
export async function startLab(start: LabStart): Promise<ServiceRef> {
  const instances = Object.entries(start.instances);
  const addresses = { backend: instances[0]?.[1].address ?? '' };
  const bringUp = instances.slice(1).map(([, { address }]) => `ip addr add ${address}/18 dev eth0`);
  const { networkOf } = start;
  const containerId = await startContainer({
    runId: start.runId,
    name: start.name,
    role: 'app',
    image: start.image,
    ...(networkOf === undefined ? { addresses, capabilities: ['NET_ADMIN'] } : { addresses: {}, networkOf }),
    env: {
      ...start.env,
      INSTANCES: instances.map(([name, { address, port }]) => `${name}@${address}:${String(port)}`).join(','),
    },
    command: [
      'sh',
      '-ec',
      [...(networkOf === undefined ? bringUp : []), 'exec node /opt/gateproof/apps/service/lab.ts'].join('\n'),
    ],
    volumes: { [start.arrivalsVolume]: ARRIVALS_PATH },
  });
  const lab: ServiceRef = { name: start.name, role: 'app', containerId, addresses };
  try {
    await listening(lab);
    return lab;
  } catch (error) {
    await removeContainer(containerId);
    throw error;
  }
}

/** Waits until a lab has said that all its instances listen. Its log is read, since a command in the container costs more. */
async function listening(lab: ServiceRef): Promise<void> {
  let said = '';
  await waitFor(
    `${lab.name} listening`,
    async () => {
      said = await lastWords(lab.containerId);
      return said.includes('"ready":true');
    },
    { limit_ms: 20_000, every_ms: 60, lastSeen: () => said },
  );
}
