/**
 * What an environment declares: which services its document names, how many of
 * each, and the host name that its gateway answers to. Configuration lies beside
 * it, one folder a variant.
 */

export interface GatewaySpec {
  readonly kind: 'gateway';
  readonly replicas: number;
}

export interface AppSpec {
  readonly kind: 'app';
  /** Role that the application plays: `admin-server`, `customer-services`, `auth`. */
  readonly service: string;
  readonly replicas: number;
  readonly port: number;
  /** PM2 worker processes of each instance. */
  readonly workers: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface StoreSpec {
  readonly kind: 'postgres' | 'redis' | 'monitoring';
  readonly replicas: 1;
}

export type ServiceSpec = GatewaySpec | AppSpec | StoreSpec;

export interface Environment {
  /** Title of the document that makes the promises. */
  readonly document: string;
  /** Name in the gateway's certificate and virtual host. */
  readonly serverName: string;
  /** Service name → what runs; instances are called `<name>-1`, `<name>-2`, … */
  readonly services: Readonly<Record<string, ServiceSpec>>;
  /** Documented address or name → the instance that has it in a run, or {@link VIRTUAL_ADDRESS}. */
  readonly documentedAddresses: Readonly<Record<string, string>>;
}

/** What `documentedAddresses` says of the address that the gateways hold in turn. */
export const VIRTUAL_ADDRESS = 'virtual-address';

/** Declares an environment; only checks what types cannot say. @throws {RangeError} on a replica count below 1. */
export function environment(declared: Environment): Environment {
  for (const [name, { replicas }] of Object.entries(declared.services)) {
    if (!Number.isInteger(replicas) || replicas < 1)
      throw new RangeError(`service ${name}: ${String(replicas)} replicas`);
  }
  return declared;
}

export const nginx = (options: { replicas: number }): GatewaySpec => ({ kind: 'gateway', ...options });
export const app = (options: Omit<AppSpec, 'kind' | 'workers'> & { workers?: number }): AppSpec => ({
  kind: 'app',
  workers: 2,
  ...options,
});
export const postgres = (): StoreSpec => ({ kind: 'postgres', replicas: 1 });
export const redis = (): StoreSpec => ({ kind: 'redis', replicas: 1 });
export const monitoring = (): StoreSpec => ({ kind: 'monitoring', replicas: 1 });

/** `admin` with three replicas → `admin-1`, `admin-2`, `admin-3`. */
export function instanceNames(name: string, replicas: number): string[] {
  return Array.from({ length: replicas }, (_, index) => `${name}-${String(index + 1)}`);
}
