import { addressPlan, SLOTS } from './addresses.ts';
import type { AddressPlan } from './addresses.ts';
import { docker, ENVIRONMENT_LABEL, OWNER_LABEL, RUN_LABEL } from './docker.ts';
import { HarnessError } from './errors.ts';

export interface RunNetworks {
  readonly plan: AddressPlan;
  readonly networks: Readonly<Record<string, { readonly id: string; readonly cidr: string }>>;
}

/** What a run's networks tell about it. */
export interface RunLabels {
  readonly owner: string;
  readonly environment: string;
}

/**
 * Creates the internal networks of a run in the first slot whose blocks are free.
 *
 * @throws {HarnessError} when both slots are taken.
 */
export async function createNetworks(runId: string, labels: RunLabels): Promise<RunNetworks> {
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const made = await tryCreate(runId, labels, addressPlan(slot));
    if (made) return made;
  }
  throw new HarnessError(
    'both address slots of 198.18.0.0/15 are taken by other networks',
    'see `./gateproof status`; `./gateproof down --all` removes what earlier runs left',
  );
}

async function tryCreate(runId: string, labels: RunLabels, plan: AddressPlan): Promise<RunNetworks | undefined> {
  const networks: Record<string, { id: string; cidr: string }> = {};
  for (const { name, cidr } of plan.networks) {
    try {
      const network = await docker().createNetwork({
        Name: networkName(runId, name),
        Driver: 'bridge',
        Internal: true,
        CheckDuplicate: true,
        IPAM: { Driver: 'default', Config: [{ Subnet: cidr }] },
        Labels: { [RUN_LABEL]: runId, [OWNER_LABEL]: labels.owner, [ENVIRONMENT_LABEL]: labels.environment },
      });
      networks[name] = { id: network.id, cidr };
    } catch (error) {
      await Promise.all(Object.values(networks).map(({ id }) => docker().getNetwork(id).remove()));
      if (isTaken(error)) return undefined;
      throw error;
    }
  }
  return { plan, networks };
}

/** The engine's name of a run's network. */
export function networkName(runId: string, name: string): string {
  return `gateproof-${runId}-${name}`;
}

function isTaken(error: unknown): boolean {
  const text = error instanceof Error ? error.message : '';
  return /overlap|conflicts with|already (exists|in use)/i.test(text);
}

/** The engine's name of a run's container, which resolves on the run's networks. */
export function containerName(runId: string, service: string): string {
  return `gateproof-${runId}-${service}`;
}
