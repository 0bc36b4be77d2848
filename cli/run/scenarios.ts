import { claimResult } from '../../conformance/verify.ts';
import { notApplicable } from '../../conformance/outcome.ts';
import { startGenerator } from '../../environments/harness/generator.ts';
import { runScenario } from '../../scenarios/run.ts';
import type { ScenarioPromise, ScenarioResult } from '../../reports/record/types.ts';
import { endpointOf } from './endpoints.ts';
import { generatorHost } from './generator-host.ts';
import type { Measuring } from './measuring.ts';
import type { PlannedScenario } from './plan.ts';
import { sampleResources } from './resources.ts';

/** Containers whose CPU and memory stand under the latency chart. */
const SAMPLED = ['gateway-1', 'customer-1', 'customer-2', 'postgres-1', 'redis-1'];

/** Starts the load generator when a scenario will need it; it does nothing until then. */
export async function readyGenerator(planned: readonly PlannedScenario[], run: Measuring): Promise<void> {
  if (planned.length > 0) await startGenerator(run.topology);
}

/** Runs the planned load scenarios one after the other. */
export async function runScenarios(planned: readonly PlannedScenario[], run: Measuring): Promise<void> {
  if (planned.length === 0) return;
  const generator = await startGenerator(run.topology);
  const sampled = [...run.topology.services.filter(({ name }) => SAMPLED.includes(name)), generator];
  const gateway = run.topology.services.find(({ name }) => name === 'gateway-1');
  const clientBlock = run.topology.clientBlocks.find(({ name }) => name === 'load');
  for (const { name, scenario } of planned) {
    if (run.signal.aborted) return;
    run.progress.phase(`${run.topology.variant}: scenario ${name}`);
    const { scenario: result } = await runScenario(name, scenario, {
      host: generatorHost(generator),
      gateway: { address: gateway?.addresses['edge'] ?? '', serverName: run.topology.serverName },
      backends: await addressesOf(run.topology, scenario.besides ?? []),
      clientBlock: clientBlock?.cidr ?? '',
      profile: run.profile,
      reproduce: `./gateproof load ${run.topology.environment} ${name} --variant ${run.topology.variant}`,
      sample: () => sampleResources(sampled),
      signal: run.signal,
    });
    run.folder.append({
      event: 'scenario',
      at: new Date().toISOString(),
      variant: run.topology.variant,
      scenario: result,
    });
    for (const promise of result.promises) journalPromise(promise, result, run);
  }
}

/** Where instances of applications listen, as `http://<address>:<port>`. */
async function addressesOf(topology: Measuring['topology'], instances: readonly string[]): Promise<string[]> {
  const endpoint = await endpointOf(topology);
  return instances.map((name) => {
    const service = topology.services.find((candidate) => candidate.name === name && candidate.role === 'app');
    if (!service) throw new RangeError(`the topology has no application ${name}`);
    const { address, port } = endpoint(service);
    return `http://${address}:${String(port)}`;
  });
}

function journalPromise(promise: ScenarioPromise, result: ScenarioResult, run: Measuring): void {
  const claim = run.claims.get(promise.claim);
  if (!claim) throw new Error(`scenario ${result.name} judges ${promise.claim}, which the ledger does not have`);
  const { lower, upper } = promise.interval_ms;
  const what = `P${String(promise.percentile)}${result.measures === 'overhead' ? ' of what the gateway adds to a request' : ''}`;
  const measured = {
    verdict: promise.verdict,
    expected: `${what} below ${String(promise.limit_ms)} ms`,
    observed: `${what} ${String(promise.measured_ms)} ms; with 95 % confidence between ${bound(lower)} and ${bound(upper)} ms`,
    ...(result.reason ? { reason: result.reason } : {}),
    evidence: [
      {
        kind: 'table' as const,
        title: 'validity of the load',
        columns: ['rule', 'holds', 'seen'],
        rows: result.validity.map(({ rule, holds, seen }) => [rule, holds ? 'yes' : 'no', seen]),
      },
    ],
  };
  const refused = run.givenUp.get(promise.claim);
  const outcome = refused ? notApplicable(measured.expected, refused.why, measured.evidence) : measured;
  run.folder.append({
    event: 'claim',
    at: new Date().toISOString(),
    variant: run.topology.variant,
    claim: claimResult(
      claim,
      { outcome, duration_ms: result.duration_ms },
      { environment: run.topology.environment, ...run.known[promise.claim] },
    ),
  });
}

const bound = (value: number | null): string =>
  value === null ? 'an open bound' : String(Math.round(value * 10) / 10);
