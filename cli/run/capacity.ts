import { findCapacity } from '../../scenarios/capacity/run.ts';
import { loadTarget } from './load-target.ts';
import type { Measuring } from './measuring.ts';
import type { PlannedCapacity } from './plan.ts';

/** One load step: long enough for a P95, short enough for twenty of them. */
const STEP = { warmup_s: 5, measured_s: 15 };
/** From what any machine carries, in doublings, until both ends lie within an eighth. */
const SEARCH = { start_perS: 50, growth: 2, width: 1.125, confirmations: 2 };

/** Searches a capacity in one variant. */
export async function runCapacity(planned: PlannedCapacity, run: Measuring): Promise<void> {
  const { name, scenario, generators, objective, steps, addresses_min } = planned;
  const { variant, environment } = run.topology;
  const target = await loadTarget(scenario, generators, run);
  const capacity = await findCapacity(name, scenario, {
    ...target,
    objective,
    addresses_min,
    search: { ...SEARCH, steps_max: steps },
    step: STEP,
    gatewayName: 'gateway-1',
    applications: run.topology.services.filter(({ role }) => role === 'app').map((service) => service.name),
    reproduce: `./gateproof capacity ${environment} --target ${name} --variant ${variant}`,
    onStep: (rate_perS) => {
      run.progress.phase(`${variant}: ${name} at ${String(rate_perS)} requests/s`);
    },
  });
  run.folder.append({ event: 'capacity', at: new Date().toISOString(), variant, capacity });
}
