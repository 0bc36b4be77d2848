/** What a rolling deployment keeps to, as the gateway nodes have it on file. */
import type { ChaosTarget } from '../runner/target.ts';
import { mustRun } from './commands.ts';

/** Where the variant has it. */
export const LIMITS_FILE = '/usr/local/etc/deployment.conf';

export interface DeploymentLimits {
  /** Instances of all pools, each pool in its turn, with their normal weight; null where a pool has none. */
  readonly instances: readonly { readonly name: string; readonly weight: number | null }[];
  /** Time that requests in flight have to end, s. */
  readonly drain_s: number;
  /** Weights on the way to the normal one. */
  readonly canaryWeights: readonly number[];
  /** Errors a second of an instance above which its release is given up. */
  readonly errors_perS_max: number;
}

/** Reads the file of the first node. @throws Error when a setting is not there */
export async function readLimits(target: ChaosTarget): Promise<DeploymentLimits> {
  return parseLimits(await mustRun(target, 'gateway-1', ['cat', LIMITS_FILE]));
}

/** @throws Error naming the setting that is missing or no number */
export function parseLimits(text: string): DeploymentLimits {
  const words = (name: string): string[] => {
    const value = new RegExp(`^${name}=(.+)$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`${LIMITS_FILE}: ${name} is not set`);
    return value.split(',');
  };
  const numbers = (name: string, of = words(name)): number[] => {
    const read = of.map(Number);
    if (read.some((one) => !Number.isFinite(one))) throw new Error(`${LIMITS_FILE}: ${name} is no number`);
    return read;
  };
  const members = (pool: string): DeploymentLimits['instances'] =>
    words(pool).map((member) => {
      const [name = '', weight] = member.split(':');
      return { name, weight: weight === undefined ? null : (numbers(pool, [weight])[0] ?? null) };
    });
  return {
    instances: [...members('admin_pool'), ...members('customer_pool')],
    drain_s: numbers('drain_s')[0] ?? 0,
    canaryWeights: numbers('canary_weights'),
    errors_perS_max: numbers('max_errors_per_s')[0] ?? 0,
  };
}
