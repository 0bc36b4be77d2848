import { FaultActions } from '../../environments/harness/fault-actions.ts';
import type { ServiceRef, TopologyDescriptor } from '../../environments/harness/types.ts';
import type { ScenarioControl } from '../../reports/record/types.ts';

/** Less than either needs for the load of any scenario, and enough for both to go on. */
const STARVED_CORES = { 'starved-gateway': 0.02, 'starved-generator': 0.05 } as const;

/** Takes nearly all processor time from the gateway or the generator, which proves what a scenario's verdict is worth. */
export async function starve(
  control: ScenarioControl,
  topology: TopologyDescriptor,
  gateway: ServiceRef,
  generators: readonly ServiceRef[],
): Promise<void> {
  const actions = new FaultActions(topology.runId, topology.imageIds['gateway'] ?? '');
  for (const { containerId } of control === 'starved-gateway' ? [gateway] : generators)
    await actions.limit(containerId, { cpus: STARVED_CORES[control] });
}
