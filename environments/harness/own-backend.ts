import { addressPlan } from './addresses.ts';
import { ARRIVALS_PATH, startLab } from './apps.ts';
import { exec, lastWords, startContainer } from './containers.ts';
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

interface OwnPlace {
  readonly name: string;
  readonly address: string;
}

/** A name and an address that no other backend of this process has. */
function ownPlace(topology: TopologyDescriptor, lane: number): OwnPlace {
  const number = (sequence += 1);
  return {
    name: `own-customer-${String(lane)}-${process.pid.toString(36)}-${String(number)}`,
    address: addressPlan(topology.slot).backendHost(1 + lane, HOSTS.from + (number % HOSTS.count)),
  };
}

/** An instance of a case's own, gone at the end of its scope. */
export type OwnBackend = ServiceRef & { readonly port: number } & AsyncDisposable;

/**
 * Starts one customer instance in a single process, without PM2 and within a second, with
 * the settings given. `lane` is the caller's own.
 */
export async function startPlainBackend(
  topology: TopologyDescriptor,
  lane: number,
  env: Readonly<Record<string, string>>,
): Promise<OwnBackend> {
  const { name, address } = ownPlace(topology, lane);
  const lab = await startLab({
    runId: topology.runId,
    name,
    image: topology.imageIds['app'] ?? '',
    instances: { 'customer-1': { address, port: PORT } },
    arrivalsVolume: `gateproof-${topology.runId}-arrivals`,
    env,
  });
  return { ...lab, port: PORT, [Symbol.asyncDispose]: () => removeContainer(lab.containerId) };
}

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
): Promise<OwnBackend> {
  const { name, address } = ownPlace(topology, lane);
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
    // Each worker says when it listens. PM2 is asked afterwards: its list costs as much as a worker, and before
    // the instance's own daemon is there it would start a second one and never return.
    let said = '';
    await waitFor(
      `${name} with ${String(workers)} workers listening`,
      async () => {
        said = await lastWords(containerId);
        return said.split(`listening on ${address}`).length > workers;
      },
      { limit_ms: WORKERS_LIMIT_MS, every_ms: 100, lastSeen: () => said },
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
