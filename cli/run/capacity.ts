import { HarnessError } from '../../environments/harness/errors.ts';
import { seededRandom } from '../../measurement/random.ts';
import type { CapacityResult } from '../../reports/record/types.ts';
import { writtenObjective } from '../../scenarios/capacity/objective.ts';
import { findCapacity } from '../../scenarios/capacity/run.ts';
import type { CapacityOptions } from '../../scenarios/capacity/run.ts';
import { scalingOf } from '../../scenarios/capacity/scaling.ts';
import { loadTarget } from './load-target.ts';
import type { Measuring } from './measuring.ts';
import type { PlannedCapacity } from './plan.ts';
import { onlyReplicas } from './replicas.ts';
import { commandLine, unless } from './reproduce.ts';

/** One load step: long enough for a P95, short enough for twenty of them. */
const STEP = { warmup_s: 5, measured_s: 15 };
/** From what any machine carries, in doublings, until both ends lie within an eighth. */
const SEARCH = { start_perS: 50, growth: 2, width: 1.125, confirmations: 2 };

/** Searches a capacity in one variant: once, or for each number of instances and what these say together. */
export async function runCapacity(planned: PlannedCapacity, run: Measuring): Promise<void> {
  const { name, scenario, generators, steps, replicas } = planned;
  const { variant, environment, services } = run.topology;
  const gateway = services.find((service) => service.name === 'gateway-1');
  if (!gateway) throw new HarnessError('the topology has no gateway-1', 'start the whole topology');
  const target = await loadTarget(scenario, generators, run);
  const search = (start_perS: number, how: Pick<CapacityOptions, 'replicas'>): Promise<CapacityResult> =>
    findCapacity(name, scenario, {
      ...target,
      ...how,
      objective: planned.objective,
      addresses_min: planned.addresses_min,
      search: { ...SEARCH, start_perS, steps_max: steps },
      step: STEP,
      gatewayName: gateway.name,
      applications: services.filter(({ role }) => role === 'app').map((service) => service.name),
      reproduce: commandLine(['capacity', environment], {
        target: name,
        variant,
        slo: writtenObjective(planned.objective),
        steps,
        addresses: unless(1, planned.addresses_min),
        replicas: how.replicas && replicas.join(','),
      }),
      onStep: (rate_perS) => {
        const many = how.replicas ? `, ${String(how.replicas.count)} of ${how.replicas.pool}` : '';
        run.progress.phase(`${variant}: ${name} at ${String(rate_perS)} requests/s${many}`);
      },
      onResult: (capacity) => {
        // A search that ended before its first step found out nothing.
        if (capacity.steps.length > 0)
          run.folder.append({ event: 'capacity', at: new Date().toISOString(), variant, capacity });
      },
    });
  if (replicas.length === 0) {
    await search(SEARCH.start_perS, {});
    return;
  }
  const found: CapacityResult[] = [];
  for (const count of replicas) {
    if (run.signal.aborted) return;
    await using only = await onlyReplicas(gateway, run.topology.serverName, scenario, count);
    // What held before is a good guess, and leaves more steps to narrow the interval.
    found.push(await search(found.at(-1)?.lower_perS ?? SEARCH.start_perS, only));
  }
  if (!run.signal.aborted) journalScaling(found, run);
}

function journalScaling(found: readonly CapacityResult[], run: Measuring): void {
  const [first] = found;
  if (!first?.replicas) return;
  const searched = found.map((one) => ({ ...one, replicas: one.replicas?.count ?? 0 }));
  run.folder.append({
    event: 'scaling',
    at: new Date().toISOString(),
    variant: run.topology.variant,
    scaling: {
      scenario: first.scenario,
      pool: first.replicas.pool,
      ...scalingOf(searched, seededRandom(run.seed)),
      reproduce: first.reproduce,
    },
  });
}
