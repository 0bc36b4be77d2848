/**
 * What experiments need of a running topology, and nothing more. The harness
 * implements it; tests implement it in memory.
 */
import type { ContainerState, Limits } from '../../environments/harness/fault-actions.ts';
import type { ExecResult } from '../../environments/harness/types.ts';
import type { ProberPipe } from '../prober/session.ts';

/** What faults and undos do to containers; see `FaultActions` of the harness, which refuses what is not the run's. */
export interface FaultHost {
  inspect(containerId: string): Promise<ContainerState>;
  kill(containerId: string, signal?: string): Promise<void>;
  stop(containerId: string, grace_s: number): Promise<void>;
  start(containerId: string): Promise<void>;
  pause(containerId: string): Promise<void>;
  unpause(containerId: string): Promise<void>;
  exec(containerId: string, argv: readonly string[]): Promise<ExecResult>;
  networkExec(containerId: string, argv: readonly string[]): Promise<ExecResult>;
  disconnect(containerId: string, network: string): Promise<void>;
  connect(containerId: string, network: string, address: string): Promise<void>;
  limit(containerId: string, limits: Limits): Promise<void>;
  put(containerId: string, path: string, content: string, mode?: number): Promise<void>;
}

/** A command that runs on, its output read line by line; ended with the trial at the latest. */
export interface Watcher {
  /** Lines so far. */
  readonly lines: readonly string[];
  stop(): void;
}

/** A container that an experiment adds to the topology. */
export interface OwnContainer {
  readonly name: string;
  /** Role whose image it starts from. */
  readonly image: string;
  /** Where it stands; among the backends when absent. */
  readonly network?: 'backend' | 'edge';
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: readonly { readonly path: string; readonly content: string; readonly mode?: number }[];
  readonly tmpfs?: Readonly<Record<string, string>>;
  readonly memory_mib?: number;
  readonly capabilities?: readonly string[];
}

export interface ChaosTarget {
  readonly runId: string;
  readonly variant: 'documented' | 'hardened';
  /** Names of all services of the topology. */
  readonly services: readonly string[];
  /** Where clients reach the gateway from the vantage: the virtual address when the nodes share one. */
  readonly gateway: {
    readonly address: string;
    readonly port: number;
    readonly serverName: string;
    readonly ca?: string;
  };
  /** @throws RangeError when the topology has no such service */
  containerId(service: string): string;
  /** Addresses of a service by network: `edge`, `backend`, … */
  addresses(service: string): Readonly<Record<string, string>>;
  /** Address of a service as its peers reach it, and the port it listens on. */
  endpoint(service: string): { readonly address: string; readonly port: number };
  readonly host: FaultHost;
  /** Runs a command in a service's container. */
  exec(service: string, argv: readonly string[]): Promise<ExecResult>;
  /** Starts a command in the network namespace of a service that runs on, from outside: goes on while the service is paused or killed. */
  watch(service: string, argv: readonly string[]): Promise<Watcher>;
  /** Starts a container of the experiment's own, or finds it when it was started before; its address on its network. */
  startOwn(spec: OwnContainer): Promise<string>;
  removeOwn(name: string): Promise<void>;
  /** Starts `chaos/prober/agent.ts` in the vantage, or among the backends, at the highest priority it can get. */
  openProber(from?: 'vantage' | 'inspector'): Promise<ProberPipe>;
  /** Addresses of anybody, or of operators, that nobody used before, for at least `count` probes. */
  freshClients(count: number, block?: 'clients' | 'operators'): { readonly cidr: string; readonly skip: number };
}

/** State of a service's container. */
export function stateOf(target: ChaosTarget, service: string): Promise<ContainerState> {
  return target.host.inspect(target.containerId(service));
}

/** @throws Error naming the first service outside the blast radius that does not run */
export async function requireRunning(target: ChaosTarget, blastRadius: readonly string[]): Promise<void> {
  for (const service of target.services) {
    if (blastRadius.includes(service)) continue;
    if (!(await stateOf(target, service)).running)
      throw new Error(`${service} stopped, though it is outside the blast radius`);
  }
}
