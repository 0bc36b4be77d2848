/**
 * What experiments need of a running topology, and nothing more. The harness
 * implements it; tests implement it in memory.
 */
import type { ExecResult } from '../../environments/harness/types.ts';
import type { ProberPipe } from '../prober/session.ts';

/** Label that everything of a run carries; its value is the run id. */
export const RUN_LABEL = 'gateproof.run';

export interface ContainerState {
  readonly containerId: string;
  readonly running: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ChaosTarget {
  readonly runId: string;
  /** Names of all services of the topology. */
  readonly services: readonly string[];
  /** Where clients reach the gateway from the vantage. */
  readonly gateway: {
    readonly address: string;
    readonly port: number;
    readonly serverName: string;
    readonly ca?: string;
  };
  /** Address of a service as its peers reach it, and the port it listens on. */
  endpoint(service: string): { readonly address: string; readonly port: number };
  inspect(service: string): Promise<ContainerState>;
  /** SIGKILL to the container's first process. */
  kill(service: string): Promise<void>;
  start(service: string): Promise<void>;
  exec(service: string, argv: readonly string[]): Promise<ExecResult>;
  /** Starts `chaos/prober/agent.ts` in the vantage, at the highest priority it can get. */
  openProber(): Promise<ProberPipe>;
  /** Client addresses that nobody used before, for at least `count` probes. */
  freshClients(count: number): { readonly cidr: string; readonly skip: number };
}

/** A fault was asked to act on something that does not belong to the run. */
export class NotOurs extends Error {
  constructor(service: string, runId: string) {
    super(`${service} does not carry the label ${RUN_LABEL}=${runId}: it is left alone`);
    this.name = 'NotOurs';
  }
}

/**
 * State of a container that a fault may act on.
 *
 * @throws NotOurs unless the container carries this run's label
 */
export async function ours(target: ChaosTarget, service: string): Promise<ContainerState> {
  const state = await target.inspect(service);
  if (state.labels[RUN_LABEL] !== target.runId) throw new NotOurs(service, target.runId);
  return state;
}
