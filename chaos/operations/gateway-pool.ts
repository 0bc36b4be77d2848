/** The part that an instance has in the gateway's pools, changed while clients are served. */
import type { ChaosTarget } from '../runner/target.ts';
import { gatewayNodes, mustRun } from './commands.ts';

/** What changes pools in the hardened variant. */
export const POOL_TOOL = '/usr/local/sbin/pool-member';
/** What the tool ends with when requests are left at the end of the time. */
const NOT_DRAINED = 4;

/**
 * Changes a member on every node, one after the other, since loading a configuration takes
 * a processor; returns when no worker of before takes connections.
 *
 * @throws Error when nginx refuses
 */
export async function setMember(
  target: ChaosTarget,
  member: string,
  change: 'down' | 'up' | { readonly weight: number },
): Promise<void> {
  const words = typeof change === 'string' ? [change] : ['weight', String(change.weight)];
  for (const node of gatewayNodes(target)) await mustRun(target, node, ['sh', POOL_TOOL, member, ...words]);
}

/** Waits until no node has a request with the member; false when some are left after `limit_s`. */
export async function drainMember(target: ChaosTarget, member: string, limit_s: number): Promise<boolean> {
  const ended = await Promise.all(
    gatewayNodes(target).map((node) => target.exec(node, ['sh', POOL_TOOL, member, 'drain', String(limit_s)])),
  );
  const broken = ended.find(({ exitCode }) => exitCode !== 0 && exitCode !== NOT_DRAINED);
  if (broken) throw new Error(`${POOL_TOOL} ended with ${broken.exitCode}: ${broken.stderr.trim().slice(-300)}`);
  return ended.every(({ exitCode }) => exitCode === 0);
}
