/**
 * What the harness hands out. Only this folder talks to Docker; a topology is
 * described by plain data (`TopologyDescriptor`), so that another process (a
 * vitest worker, an experiment) can attach to what the command line started.
 */
import type { VariantName } from '../../reports/record/types.ts';

/** A container of the run, as another process needs to find it. */
export interface ServiceRef {
  /** Service name within the topology: `gateway-1`, `customer-3`, `postgres`. */
  readonly name: string;
  readonly role: ServiceRole;
  readonly containerId: string;
  /** Network name (`edge`, `backend`, …) → address. */
  readonly addresses: Readonly<Record<string, string>>;
}

export type ServiceRole =
  | 'gateway'
  | 'app'
  | 'postgres'
  | 'redis'
  | 'monitoring'
  | 'exporter'
  | 'toxiproxy'
  | 'vantage'
  | 'inspector'
  | 'generator'
  /** Lives in another container's network namespace, for faults on its network. */
  | 'helper'
  /** Holds a network namespace; see sandbox.ts. */
  | 'sandbox'
  /** Added by an experiment. */
  | 'own';

/** A block of client addresses, all of them local to the vantage. */
export interface ClientBlock {
  /** `clients` (anybody), `operators` (inside 10.0.0.0/8), `office` (inside 203.0.113.0/24), `load` (the generator's). */
  readonly name: 'clients' | 'operators' | 'office' | 'load';
  readonly cidr: string;
  /** Network on which the gateway meets this block. */
  readonly network: string;
}

export interface TopologyDescriptor {
  readonly runId: string;
  readonly environment: string;
  readonly variant: VariantName;
  /** Host name that the gateway's certificate and virtual host carry. */
  readonly serverName: string;
  /** Address slot of the run, 0 or 1; see addresses.ts. */
  readonly slot: number;
  readonly services: readonly ServiceRef[];
  /** Edge address that the gateways hold in turn; absent when keepalived does not run. */
  readonly virtualAddress?: string;
  readonly clientBlocks: readonly ClientBlock[];
  /** Docker network names by their short name. */
  readonly networks: Readonly<Record<string, { readonly id: string; readonly cidr: string }>>;
  readonly addressMap: Readonly<Record<string, string>>;
  readonly imageIds: Readonly<Record<string, string>>;
  /** Folder on the host that holds this variant's configuration as it was mounted. */
  readonly configDir: string;
  /** Patterns of directives that no gateway gets, because a replaced image lacks what they need; see left-out.ts. */
  readonly leftOut: readonly string[];
}

/** A change of configuration text: used by mutants and by the duration scale. */
export type ConfigEdit = (path: string, text: string) => string;

export interface ReplicaOptions {
  /** `shared`: the topology's own backends; `private`: a lab container that plays every instance. */
  readonly backends: 'shared' | 'private';
  /** Divides every configured duration by this factor, never below 3 s. */
  readonly scale?: number;
  readonly edit?: ConfigEdit;
  /** nginx worker processes; the configuration's own value when absent. */
  readonly workers?: number;
  /** Settings of private backends beside the usual ones; see services-env.ts. */
  readonly env?: Readonly<Record<string, string>>;
  /** On the office's network too, as the first gateway is. That network is small: one such replica a lane. */
  readonly office?: boolean;
  /** A network namespace that no replica used before, for what leaves traces in it: firewall rules, a look at closed connections. */
  readonly freshNetwork?: boolean;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}
