/** What a fault may do to the containers of one run; the only such code. */
import { randomUUID } from 'node:crypto';
import { networkName } from './networks.ts';
import { exec, putFiles, startContainer } from './containers.ts';
import { docker, isStatus, RUN_LABEL } from './docker.ts';
import type { ExecResult } from './types.ts';

/** A fault was asked to act on something that does not belong to the run. */
export class NotOurs extends Error {
  constructor(containerId: string, runId: string) {
    super(`container ${containerId.slice(0, 12)} does not carry the label ${RUN_LABEL}=${runId}: it is left alone`);
    this.name = 'NotOurs';
  }
}

export interface ContainerState {
  readonly running: boolean;
  readonly paused: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Networks (short names) that it is on, with its address. */
  readonly networks: Readonly<Record<string, string>>;
  /** Whether the kernel ended a process of it for want of memory. */
  readonly outOfMemory: boolean;
}

/** Limits of a container. Without `cpus` it may use all; without `memory_mib` its memory limit stays: the engine cannot lift one. */
export interface Limits {
  readonly cpus?: number;
  readonly memory_mib?: number;
}

/** Each call refuses a container that does not carry the run's label. @throws {NotOurs} */
export class FaultActions {
  readonly #runId: string;
  readonly #toolImage: string;
  /** Helpers in network namespaces, by container and its start: a restarted container has a new namespace. */
  readonly #helpers = new Map<string, Promise<string>>();

  /** @param toolImage image with iproute2, iptables and procps */
  constructor(runId: string, toolImage: string) {
    this.#runId = runId;
    this.#toolImage = toolImage;
  }

  async inspect(containerId: string): Promise<ContainerState> {
    const { State, Config, NetworkSettings } = await docker().getContainer(containerId).inspect();
    const prefix = networkName(this.#runId, '');
    return {
      running: State.Running,
      paused: State.Paused,
      labels: Config.Labels,
      networks: Object.fromEntries(
        Object.entries(NetworkSettings.Networks)
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, { IPAddress }]) => [name.slice(prefix.length), IPAddress]),
      ),
      outOfMemory: State.OOMKilled,
    };
  }

  /** Sends a signal to the container's first process; SIGKILL ends all its processes at once. */
  async kill(containerId: string, signal = 'SIGKILL'): Promise<void> {
    await (await this.#ours(containerId)).kill({ signal });
  }

  /** Asks the container to end, and kills it after `grace_s`. */
  async stop(containerId: string, grace_s: number): Promise<void> {
    await (await this.#ours(containerId)).stop({ t: grace_s }).catch(unlessUnchanged);
  }

  /** Starts it unless it runs. */
  async start(containerId: string): Promise<void> {
    await (await this.#ours(containerId)).start().catch(unlessUnchanged);
  }

  async pause(containerId: string): Promise<void> {
    await (await this.#ours(containerId)).pause();
  }

  /** Lets it go on unless it does. */
  async unpause(containerId: string): Promise<void> {
    const container = await this.#ours(containerId);
    if ((await container.inspect()).State.Paused) await container.unpause();
  }

  /** Runs a command in the container as root. */
  async exec(containerId: string, argv: readonly string[]): Promise<ExecResult> {
    await this.#ours(containerId);
    return exec(containerId, argv, { user: 'root' });
  }

  /** Runs a command in the container's network namespace, with the right to change it, from outside: works while it is paused. */
  async networkExec(containerId: string, argv: readonly string[]): Promise<ExecResult> {
    return exec(await this.networkHelper(containerId), argv, { user: 'root' });
  }

  /** A container of our own in the network namespace of another. Removed with the run. */
  async networkHelper(containerId: string): Promise<string> {
    const { State, Config } = await (await this.#ours(containerId)).inspect();
    const key = `${containerId} ${State.StartedAt}`;
    const known = this.#helpers.get(key) ?? this.#startHelper(containerId, Config.Hostname);
    this.#helpers.set(key, known);
    return known;
  }

  /** Takes it off a network of the run. */
  async disconnect(containerId: string, network: string): Promise<void> {
    await this.#ours(containerId);
    await docker().getNetwork(networkName(this.#runId, network)).disconnect({ Container: containerId, Force: true });
  }

  /** Puts it back on a network with its address, unless it is there. */
  async connect(containerId: string, network: string, address: string): Promise<void> {
    await this.#ours(containerId);
    if ((await this.inspect(containerId)).networks[network] === address) return;
    await docker()
      .getNetwork(networkName(this.#runId, network))
      .connect({ Container: containerId, EndpointConfig: { IPAMConfig: { IPv4Address: address } } });
  }

  /** Sets the limits of a running container. */
  async limit(containerId: string, { cpus, memory_mib }: Limits): Promise<void> {
    const bytes = memory_mib === undefined ? undefined : memory_mib * 2 ** 20;
    await (
      await this.#ours(containerId)
    ).update({
      CpuPeriod: 100_000,
      CpuQuota: cpus === undefined ? -1 : Math.round(cpus * 100_000),
      ...(bytes === undefined ? {} : { Memory: bytes, MemorySwap: bytes }),
    });
  }

  /** Writes a file, also into a container that is not running. */
  async put(containerId: string, path: string, content: string, mode?: number): Promise<void> {
    await this.#ours(containerId);
    await putFiles(containerId, [{ path, content, ...(mode === undefined ? {} : { mode }) }]);
  }

  async #ours(containerId: string): Promise<ReturnType<ReturnType<typeof docker>['getContainer']>> {
    const container = docker().getContainer(containerId);
    const { Config } = await container.inspect();
    if (Config.Labels[RUN_LABEL] !== this.#runId) throw new NotOurs(containerId, this.#runId);
    return container;
  }

  #startHelper(containerId: string, of: string): Promise<string> {
    return startContainer({
      runId: this.#runId,
      // Runner and watchdog, and each variant of a run, have helpers of their own for one container.
      name: `net-${of}-${randomUUID().slice(0, 8)}`,
      role: 'helper',
      image: this.#toolImage,
      addresses: {},
      networkOf: containerId,
      command: ['sleep', 'infinity'],
      capabilities: ['NET_ADMIN', 'NET_RAW'],
    });
  }
}

/** 304: it is so already. */
function unlessUnchanged(error: unknown): void {
  if (!isStatus(error, 304)) throw error;
}
