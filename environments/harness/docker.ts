import Docker from 'dockerode';
import { inEngineQueue } from './engine-queue.ts';
import { HarnessError } from './errors.ts';

/** Everything that this product starts carries this label; faults and clean-up act on nothing else. */
export const RUN_LABEL = 'gateproof.run';

/** On a run's networks: the process that owns the run, or `up` for one that stays until `down`. */
export const OWNER_LABEL = 'gateproof.owner';

/** On a run's networks: the environment that it started. */
export const ENVIRONMENT_LABEL = 'gateproof.environment';

let client: Docker | undefined;

/** The one connection to the engine (`DOCKER_HOST` or the default socket). */
export function docker(): Docker {
  client ??= new Docker();
  return client;
}

/** True for an engine error with this HTTP status (404 gone, 409 conflict, 304 already so). */
export function isStatus(error: unknown, status: number): boolean {
  return typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode === status;
}

/**
 * Asks the engine for its version.
 *
 * @throws {HarnessError} when no engine answers, with the way to start one.
 */
export async function requireEngine(): Promise<{
  version: string;
  api: string;
  cgroup: string;
  arch: string;
  kernel: string;
  cores: number;
  memory_bytes: number;
}> {
  try {
    const [version, info] = await Promise.all([
      docker().version(),
      docker().info() as Promise<{ CgroupVersion?: string; NCPU?: number; MemTotal?: number }>,
    ]);
    return {
      version: version.Version,
      api: version.ApiVersion,
      cgroup: `v${info.CgroupVersion ?? '1'}`,
      arch: version.Arch,
      kernel: version.KernelVersion ?? 'unknown',
      cores: info.NCPU ?? 1,
      memory_bytes: info.MemTotal ?? 0,
    };
  } catch (error) {
    throw new HarnessError(
      `no Docker engine answers (${error instanceof Error ? error.message : String(error)})`,
      'start it: `sudo systemctl start docker`, or run ./gateproof as root on Debian or Ubuntu and it starts one',
      { cause: error },
    );
  }
}

/** Removes a container by force; one that is gone already is fine. */
export async function removeContainer(id: string): Promise<void> {
  await disconnect(id);
  try {
    await docker().getContainer(id).remove({ force: true, v: true });
  } catch (error) {
    if (isStatus(error, 404)) return;
    // Another removal is under way: wait for its end.
    if (isStatus(error, 409)) {
      await docker()
        .getContainer(id)
        .wait({ condition: 'removed' })
        .catch(() => undefined);
      return;
    }
    throw error;
  }
}

/** Takes a container off its networks, in the engine's queue; what is left to remove may go side by side. */
async function disconnect(id: string): Promise<void> {
  try {
    const { NetworkSettings } = await docker().getContainer(id).inspect();
    for (const network of Object.keys(NetworkSettings.Networks)) {
      await inEngineQueue(() => docker().getNetwork(network).disconnect({ Container: id, Force: true }));
    }
  } catch {
    // It is gone or going; the removal says what went wrong, if anything did.
  }
}
