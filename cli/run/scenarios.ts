import { claimResult } from '../../conformance/verify.ts';
import { notApplicable } from '../../conformance/outcome.ts';
import { startGenerators } from '../../environments/harness/generator.ts';
import { latencyInWords } from '../../measurement/histogram.ts';
import { phaseTimes } from '../../scenarios/phases.ts';
import { runScenario } from '../../scenarios/run.ts';
import type { ClaimResult, Interval, ScenarioResult } from '../../reports/record/types.ts';
import { mergeVerdicts } from '../../reports/record/merge.ts';
import { changedGateway, phaseLines } from './changed-gateway.ts';
import { loadTarget } from './load-target.ts';
import type { Measuring } from './measuring.ts';
import type { PlannedScenario } from './plan.ts';
import { checkRemoteWrite } from './remote-write.ts';
import { commandLine, unless } from './reproduce.ts';
import { starve } from './starve.ts';

/** Starts the load generator when a scenario will need it; it does nothing until then. */
export async function readyGenerator(planned: readonly PlannedScenario[], run: Measuring): Promise<void> {
  const count = Math.max(0, ...planned.map(({ generators }) => generators));
  if (count > 0) await startGenerators(run.topology, count);
}

/** Runs the planned load scenarios one after the other. */
export async function runScenarios(planned: readonly PlannedScenario[], run: Measuring): Promise<void> {
  const gateway = run.topology.services.find(({ name }) => name === 'gateway-1');
  const { variant, environment } = run.topology;
  for (const { name, scenario, shape, generators } of planned) {
    if (run.signal.aborted) return;
    run.progress.phase(`${variant}: scenario ${name}`);
    const control = run.controls.scenarios;
    const target = await loadTarget(scenario, generators, run);
    if (control && gateway) await starve(control, run.topology, gateway, target.generators);
    await using _ = scenario.gateway && gateway ? await changedGateway(gateway, scenario.gateway) : null;
    const result = await runScenario(name, scenario, {
      ...target,
      shape,
      ...(scenario.gateway === 'phases logged' && gateway
        ? { phases: async () => phaseTimes(await phaseLines(gateway)) }
        : {}),
      ...(control ? { control } : {}),
      reproduce: commandLine(['load', environment, name], {
        variant,
        profile: unless('smoke', run.profile),
        generators: unless(1, generators),
        control: run.controls.scenarios,
      }),
    });
    run.folder.append({ event: 'scenario', at: new Date().toISOString(), variant, scenario: result });
    const byClaim = Map.groupBy(sayings(result), ({ claim }) => claim);
    for (const all of byClaim.values()) journalPromise(together(all), result, run);
    if (run.remoteWrite && !run.signal.aborted) await checkRemoteWrite(name, target, run);
  }
}

/** A judged promise in the words of a claim's result. */
type Saying = Pick<ClaimResult, 'verdict' | 'expected' | 'observed' | 'reason'> & { readonly claim: string };

/** What each promise of a result says of its claim; a reason is told only of what it explains. */
export function sayings(result: ScenarioResult): Saying[] {
  const broken = result.validity.some(({ holds }) => !holds);
  const shared = result.reason !== undefined && broken ? { reason: result.reason } : {};
  const latencies = result.promises.map(
    ({ claim, percentile, limit_ms, measured_ms, interval_ms, verdict, reason }): Saying => {
      const what = `P${String(percentile)}${result.measures === 'overhead' ? ' of what the gateway adds to a request' : ''}`;
      return {
        claim,
        verdict,
        expected: `${what} below ${String(limit_ms)} ms`,
        observed: `${what} ${latencyInWords(measured_ms)}; ${between(interval_ms, 'ms')}`,
        ...(reason === undefined ? {} : { reason }),
      };
    },
  );
  const figures = (result.figures ?? []).map(
    ({ claim, what, unit, better, limit, measured, interval, verdict, reason }): Saying => ({
      claim,
      verdict,
      expected: `${what}: ${better === 'higher' ? 'at least' : 'at most'} ${String(limit)} ${unit}`,
      observed: `${String(measured)} ${unit}; ${between(interval, unit)}`,
      ...(reason === undefined ? (verdict === 'inconclusive' ? shared : {}) : { reason }),
    }),
  );
  return [...latencies, ...figures];
}

/** What several figures say of one claim; the reason is that of its verdict. */
function together(all: readonly Saying[]): Saying {
  const verdict = mergeVerdicts(all.map((one) => one.verdict));
  const deciding = all.find((one) => one.verdict === verdict && one.reason !== undefined);
  return {
    claim: all[0]?.claim ?? '',
    verdict,
    expected: all.map(({ expected }) => expected).join('; '),
    observed: all.map(({ observed }) => observed).join('; '),
    ...(deciding?.reason === undefined ? {} : { reason: deciding.reason }),
  };
}

function journalPromise({ claim: id, ...saying }: Saying, result: ScenarioResult, run: Measuring): void {
  const claim = run.claims.get(id);
  if (!claim) throw new Error(`scenario ${result.name} judges ${id}, which the ledger does not have`);
  const measured = {
    ...saying,
    evidence: [
      {
        kind: 'table' as const,
        title: 'validity of the load',
        columns: ['rule', 'holds', 'seen'],
        rows: result.validity.map(({ rule, holds, seen }) => [rule, holds ? 'yes' : 'no', seen]),
      },
    ],
  };
  const refused = run.givenUp.get(id);
  const outcome = refused ? notApplicable(measured.expected, refused.why, measured.evidence) : measured;
  run.folder.append({
    event: 'claim',
    at: new Date().toISOString(),
    variant: run.topology.variant,
    claim: {
      ...claimResult(
        claim,
        { outcome, duration_ms: result.duration_ms },
        { environment: run.topology.environment, ...run.known[id] },
      ),
      reproduce: result.reproduce,
    },
  });
}

const between = ({ lower, upper }: Interval, unit: string): string =>
  `with 95 % confidence between ${bound(lower, unit)} and ${bound(upper, unit)}`;

function bound(value: number | null, unit: string): string {
  if (value === null) return 'an open bound';
  return unit === 'ms' ? latencyInWords(value) : `${String(Math.round(value * 10) / 10)} ${unit}`;
}
