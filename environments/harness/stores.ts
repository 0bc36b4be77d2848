import { GenericContainer, Wait } from 'testcontainers';
import type { StartedTestContainer } from 'testcontainers';
import { docker, RUN_LABEL } from './docker.ts';
import type { FileToPut } from './containers.ts';
import { containerName, networkName } from './networks.ts';
import type { ServiceRef } from './types.ts';

// The label of the run and the watchdog of the harness do what Ryuk would do.
process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';

export interface StoreStart {
  readonly runId: string;
  readonly name: string;
  readonly image: string;
  readonly kind: 'postgres' | 'redis' | 'monitoring';
  readonly files?: readonly FileToPut[];
  readonly hosts?: Readonly<Record<string, string>>;
}

/** A command that succeeds inside the container once the store serves. */
const READY = {
  postgres: 'pg_isready -h 127.0.0.1 -U gateproof -d gateproof',
  redis: 'redis-cli ping',
  monitoring: 'curl -sf http://127.0.0.1:9090/-/ready',
} as const;

/** Ten instances of two workers with four connections each, and room to spare. */
const ARGUMENTS: Readonly<Partial<Record<StoreStart['kind'], string[]>>> = {
  postgres: ['-c', 'listen_addresses=*', '-c', 'max_connections=200'],
};

/**
 * Starts a data store or the monitoring with testcontainers. Others reach it by its
 * name, since testcontainers cannot ask for a fixed address; because of the alias it
 * puts the container on the engine's default network as well, which is undone.
 */
export async function startStore(start: StoreStart): Promise<ServiceRef> {
  const network = networkName(start.runId, 'backend');
  const argv = ARGUMENTS[start.kind];
  const container = new GenericContainer(start.image)
    .withName(containerName(start.runId, start.name))
    .withLabels({ [RUN_LABEL]: start.runId, 'gateproof.service': start.name, 'gateproof.role': start.kind })
    .withNetworkMode(network)
    .withNetworkAliases(start.name)
    .withExtraHosts(Object.entries(start.hosts ?? {}).map(([host, ipAddress]) => ({ host, ipAddress })))
    .withCopyContentToContainer(
      (start.files ?? []).map(({ path, content, mode }) => ({ target: path, content, ...(mode ? { mode } : {}) })),
    )
    .withStartupTimeout(60_000)
    .withWaitStrategy(Wait.forSuccessfulCommand(READY[start.kind]));
  const started: StartedTestContainer = await (argv ? container.withCommand(argv) : container).start();
  await docker().getNetwork('bridge').disconnect({ Container: started.getId(), Force: true });
  return {
    name: start.name,
    role: start.kind,
    containerId: started.getId(),
    addresses: { backend: started.getIpAddress(network) },
  };
}
