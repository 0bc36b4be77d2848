/** The parts of a topology, each started on its own; `topology.ts` puts them together. */
import { readFile } from 'node:fs/promises';
import type { AddressPlan } from './addresses.ts';
import { appsReady, ARRIVALS_PATH, startApps, startLab } from './apps.ts';
import { gatewayFiles, tree } from './config.ts';
import { CPU_SHARES, startContainer } from './containers.ts';
import type { FileToPut } from './containers.ts';
import { docker, RUN_LABEL } from './docker.ts';
import type { AppSpec, Environment, StoreSpec } from './environment.ts';
import { instanceNames } from './environment.ts';
import { HarnessError } from './errors.ts';
import { ownBlocks, startGateway } from './gateway.ts';
import type { ImageInfo, ImageRole, ImageSet } from './images.ts';
import { makePki } from './pki.ts';
import { monitoringFiles } from './prometheus.ts';
import { gatewayAddress, keepalivedFiles, virtualAddress } from './redundancy.ts';
import { startStore } from './stores.ts';
import type { ServiceRef } from './types.ts';
import type { Variant } from './variant.ts';

/** The images that a topology starts from; a lab needs only some of the roles. */
export interface Images {
  readonly roles: Readonly<Partial<Record<ImageRole, ImageInfo>>>;
  readonly missing: ImageSet['missing'];
}

export interface StartOptions {
  readonly runId: string;
  readonly name: string;
  readonly environment: Environment;
  readonly variant: Variant;
  readonly images: Images;
  /** Sources copied into the agents' containers: path on the host → path in the container. */
  readonly agentSources: readonly { readonly from: string; readonly to: string }[];
  /** Folder for service logs. */
  readonly logDir: string;
  /** Process that the topology belongs to, or `up`: a topology whose process is gone is a leftover. */
  readonly owner: string;
  /** `full`: PM2 backends, stores, monitoring; `lab`: one container plays all backends, without Postgres and monitoring. */
  readonly extent: 'full' | 'lab';
  /** Load generators may write their samples to Prometheus. */
  readonly remoteWrite?: boolean;
  readonly progress?: (phase: string) => void;
}

/** Reference of a role's image. @throws {HarnessError} when the set has none */
function imageOf({ roles }: Images, role: ImageRole): string {
  const image = roles[role];
  if (!image) throw new HarnessError(`no image of role ${role} was prepared`, `ask ensureImages for ${role} as well`);
  return image.reference;
}

export async function createArrivalsVolume(runId: string): Promise<string> {
  const name = `gateproof-${runId}-arrivals`;
  await docker().createVolume({
    Name: name,
    Labels: { [RUN_LABEL]: runId },
    Driver: 'local',
    // Memory, not disk: each request appends a line before it is answered.
    DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=512m,mode=1777' },
  });
  return name;
}

/** Fixed last octets on the backend network, by pool: `admin-2` has 22. */
const POOL_OCTET: Readonly<Record<string, number>> = { admin: 20, customer: 30, auth: 40 };

/** Address of a backend instance of the topology itself. */
export function instanceAddress(plan: AddressPlan, pool: string, index: number): string {
  return plan.backendHost(0, (POOL_OCTET[pool] ?? 100) + index);
}

function appPools(environment: Environment): [string, AppSpec][] {
  return Object.entries(environment.services).filter((entry): entry is [string, AppSpec] => entry[1].kind === 'app');
}

/** Upstream server name → address. */
export function backendHosts(environment: Environment, plan: AddressPlan): Record<string, string> {
  return Object.fromEntries(
    appPools(environment).flatMap(([pool, { replicas }]) =>
      instanceNames(pool, replicas).map((name, index) => [name, instanceAddress(plan, pool, index + 1)]),
    ),
  );
}

/** Backend instances and data stores: the same in every variant. */
export async function startBackends(
  options: StartOptions,
  plan: AddressPlan,
  volume: string,
  observers: Promise<{ inspector: ServiceRef }>,
): Promise<ServiceRef[]> {
  const hosts = backendHosts(options.environment, plan);
  const pools = appPools(options.environment);
  if (options.extent === 'lab') {
    const started = await settle([
      startStores(options, plan, hosts, ['redis']),
      startLabPools(options, hosts, volume),
    ] as const);
    return started.flat();
  }
  const stores = startStores(options, plan, hosts, ['postgres', 'redis']);
  const apps = Promise.all(
    pools.map(([pool, spec]) =>
      startApps({
        runId: options.runId,
        image: imageOf(options.images, 'app'),
        pool,
        spec,
        addressOf: (instance) => hosts[instance] ?? '',
        arrivalsVolume: volume,
      }),
    ),
  );
  const [{ inspector }, startedApps, startedStores] = await settle([observers, apps, stores] as const);
  await appsReady(
    inspector.containerId,
    pools.flatMap(([pool, { port, replicas }]) =>
      instanceNames(pool, replicas).map((name) => ({
        name,
        url: `http://${hosts[name] ?? ''}:${String(port)}/health`,
      })),
    ),
  );
  return [...startedApps.flat(), ...startedStores];
}

/** Every instance of every pool in one container, at the addresses that the pools' own containers would have. */
async function startLabPools(
  options: StartOptions,
  hosts: Readonly<Record<string, string>>,
  volume: string,
): Promise<ServiceRef[]> {
  const pools = appPools(options.environment);
  const instances = Object.fromEntries(
    pools.flatMap(([pool, { port, replicas }]) =>
      instanceNames(pool, replicas).map((name) => [name, { address: hosts[name] ?? '', port }]),
    ),
  );
  const lab = await startLab({
    runId: options.runId,
    name: 'backends',
    image: imageOf(options.images, 'app'),
    instances,
    arrivalsVolume: volume,
    env: Object.assign({}, ...pools.map(([, { env }]) => env ?? {})) as Record<string, string>,
  });
  return Object.entries(instances).map(([name, { address }]) => ({ ...lab, name, addresses: { backend: address } }));
}

/** Like `Promise.all`, but waits for all before it fails, so that nothing starts behind a clean-up. */
export async function settle<T extends readonly Promise<unknown>[]>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(promises);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as {
    -readonly [K in keyof T]: Awaited<T[K]>;
  };
}

export async function startObservers(
  options: StartOptions,
  plan: AddressPlan,
  volume: string,
): Promise<{ vantage: ServiceRef; inspector: ServiceRef }> {
  const image = imageOf(options.images, 'vantage');
  const sources = await agentFiles(options.agentSources);
  const idle = {
    runId: options.runId,
    image,
    command: ['sleep', 'infinity'],
    files: sources,
    capabilities: ['NET_ADMIN', 'SYS_NICE'],
  } as const;
  const vantageAddresses = {
    edge: plan.edgeHost(0, 10),
    operators: plan.operatorsHost(0, 10),
    office: plan.officeHost(2),
  };
  const inspectorAddresses = { backend: plan.backendHost(0, 62) };
  const [vantageId, inspectorId] = await Promise.all([
    startContainer({
      ...idle,
      name: 'vantage',
      role: 'vantage',
      addresses: vantageAddresses,
      cpuShares: CPU_SHARES.instrument,
      sysctls: { 'net.ipv4.ip_local_port_range': '1024 65000' },
    }),
    startContainer({
      ...idle,
      name: 'inspector',
      role: 'inspector',
      addresses: inspectorAddresses,
      aliases: ['ocsp'],
      volumes: { [volume]: ARRIVALS_PATH },
    }),
  ]);
  await ownBlocks(
    vantageId,
    plan.blocks.filter(({ name }) => name !== 'load').map(({ cidr }) => cidr),
  );
  return {
    vantage: { name: 'vantage', role: 'vantage', containerId: vantageId, addresses: vantageAddresses },
    inspector: { name: 'inspector', role: 'inspector', containerId: inspectorId, addresses: inspectorAddresses },
  };
}

async function agentFiles(sources: StartOptions['agentSources']): Promise<FileToPut[]> {
  const files = await Promise.all(
    sources.map(async ({ from, to }) =>
      Promise.all(
        (await tree(from)).map(async (path) => ({ path: path.replace(from, to), content: await readFile(path) })),
      ),
    ),
  );
  return files.flat();
}

export async function startGateways(
  options: StartOptions,
  plan: AddressPlan,
  hosts: Readonly<Record<string, string>>,
  inspector: ServiceRef,
): Promise<ServiceRef[]> {
  const gateway = Object.values(options.environment.services).find(({ kind }) => kind === 'gateway');
  if (!gateway) throw new HarnessError('the environment declares no gateway', 'add a gateway to environment.ts');
  const keys = await makePki(inspector.containerId, options.environment.serverName);
  const files = [...(await gatewayFiles(options.variant.dir, { leftOut: options.variant.leftOut })), ...keys];
  const redundant = sharedAddress(options, plan) !== undefined;
  return Promise.all(
    instanceNames('gateway', gateway.replicas).map(async (name, index) => {
      const own = redundant ? await keepalivedFiles(options.variant.dir, name, options.environment, plan) : [];
      return startGateway({
        runId: options.runId,
        name,
        image: imageOf(options.images, 'gateway'),
        plan,
        hosts,
        files: [...files, ...own],
        addresses: {
          edge: gatewayAddress(plan, index + 1),
          backend: plan.backendHost(0, 11 + index),
          operators: plan.operatorsHost(0, 11 + index),
          ...(index === 0 ? { office: plan.officeHost(3) } : {}),
        },
        redundant,
      });
    }),
  );
}

/** The virtual address of this topology; a lab has none, because its gateway stands alone. */
export function sharedAddress(options: StartOptions, plan: AddressPlan): string | undefined {
  return options.extent === 'full' ? virtualAddress(options.environment, plan, options.images.missing) : undefined;
}

export async function startStores(
  options: StartOptions,
  plan: AddressPlan,
  hosts: Readonly<Record<string, string>>,
  kinds: readonly StoreSpec['kind'][],
): Promise<ServiceRef[]> {
  const { images, environment, runId, variant, remoteWrite = false } = options;
  const gateways = Object.fromEntries([1, 2].map((n) => [`gateway-${String(n)}`, plan.backendHost(0, 10 + n)]));
  return Promise.all(
    Object.entries(environment.services).flatMap(([name, { kind }]) => {
      if (kind === 'app' || kind === 'gateway' || !kinds.includes(kind)) return [];
      return [
        (async () =>
          startStore({
            runId,
            kind,
            name: `${name}-1`,
            image: imageOf(images, kind),
            ...(kind === 'monitoring'
              ? { hosts: { ...hosts, ...gateways }, files: await monitoringFiles(variant, remoteWrite) }
              : {}),
          }))(),
      ];
    }),
  );
}
