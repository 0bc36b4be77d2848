import { addressPlan } from './addresses.ts';
import { ARRIVALS_PATH } from './apps.ts';
import { exec, startContainer } from './containers.ts';
import { removeContainer } from './docker.ts';
import { servicesEnv } from './services-env.ts';
import type { ServiceRef, TopologyDescriptor } from './types.ts';
import { waitFor } from './wait.ts';

/** A worker process as PM2 describes it. */
export interface Pm2Process {
  readonly pid: number;
  readonly mode: string;
  readonly status: string;
}

/** Hosts of a lane's segment that its replicas leave free. */
const HOSTS = { from: 241, count: 14 };
const PORT = 3001;
const WORKERS_LIMIT_MS = 40_000;
let sequence = 0;

/**
 * Starts one customer instance of a case's own under PM2, with as many workers as
 * asked, beside the instances of the topology; it has no stores, and the settings
 * that the variant gives its services. `lane` is the caller's own, as for replicas.
 * Gone at the end of its scope.
 */
export async function startOwnBackend(
  topology: TopologyDescriptor,
  workers: number,
  lane: number,
): Promise<ServiceRef & { readonly port: number } & AsyncDisposable> {
  const number = (sequence += 1);
  const address = addressPlan(topology.slot).backendHost(1 + lane, HOSTS.from + (number % HOSTS.count));
  const name = `own-customer-${String(lane)}-${process.pid.toString(36)}-${String(number)}`;
  const containerId = await startContainer({
    runId: topology.runId,
    name,
    role: 'app',
    image: topology.imageIds['app'] ?? '',
    addresses: { backend: address },
    env: {
      SERVICE: 'customer-services',
      INSTANCE: name,
      HOST: address,
      PORT: String(PORT),
      USE_CLUSTER: 'true',
      WORKER_COUNT: String(workers),
      ENABLE_METRICS: 'true',
      METRICS_PATH: '/metrics',
      ...(await servicesEnv(topology.configDir)),
    },
    volumes: { [`gateproof-${topology.runId}-arrivals`]: ARRIVALS_PATH },
    memory_mib: 256 + 160 * workers,
  });
  const service = { name, role: 'app' as const, containerId, addresses: { backend: address }, port: PORT };
  try {
    // Asked before the instance's own daemon is there, pm2 would start a second one and never return.
    await waitFor(
      `${name} listening`,
      async () => (await exec(containerId, ['ss', '-Hltn', 'src', address])).stdout.trim() !== '',
      { limit_ms: 60_000, every_ms: 200 },
    );
    // Workers start one after the other. Fewer of them than asked for are what the caller is to see.
    const deadline_ms = performance.now() + WORKERS_LIMIT_MS;
    await waitFor(
      `${name} with ${String(workers)} workers online`,
      async () => {
        const online = (await pm2Processes(containerId)).filter(({ status }) => status === 'online');
        return online.length >= workers || performance.now() > deadline_ms;
      },
      { limit_ms: 2 * WORKERS_LIMIT_MS, every_ms: 500 },
    );
  } catch (error) {
    await removeContainer(containerId);
    throw error;
  }
  return { ...service, [Symbol.asyncDispose]: () => removeContainer(containerId) };
}

/** The worker processes of an instance, from PM2 itself. */
export async function pm2Processes(containerId: string): Promise<Pm2Process[]> {
  const { stdout, stderr } = await exec(containerId, ['timeout', '30', 'pm2', 'jlist']);
  const list = /^\[.*\]$/m.exec(stdout)?.[0];
  if (list === undefined) throw new Error(`pm2 jlist: ${(stderr || stdout).slice(0, 200)}`);
  return (JSON.parse(list) as { pid: number; pm2_env: { exec_mode: string; status: string } }[]).map(
    ({ pid, pm2_env }) => ({
      pid,
      mode: pm2_env.exec_mode,
      status: pm2_env.status,
    }),
  );
}
