/**
 * Claims that no case measured by itself, but an experiment or a scenario did:
 * their results are read from there, so that the ledger has every verdict.
 */
import { mergeVerdicts } from './merge.ts';
import type { CatalogueEntry } from './events.ts';
import type { ClaimResult, Evidence, ExperimentResult, ScenarioResult, Verdict } from './types.ts';

/** What an experiment or a scenario says about one claim. */
interface Saying {
  readonly verdict: Verdict;
  readonly expected: string;
  readonly observed: string;
  readonly reason?: string | undefined;
  readonly evidence: readonly Evidence[];
  readonly duration_ms: number;
  readonly reproduce: string;
}

/** Ids of all claims that experiments and scenarios verify. */
export function verifiedByRuns(
  experiments: readonly ExperimentResult[],
  scenarios: readonly ScenarioResult[],
): readonly string[] {
  const promised = scenarios.flatMap((scenario) => scenario.promises.map((promise) => promise.claim));
  return [...new Set([...experiments, ...scenarios].flatMap((run) => run.verifies).concat(promised))];
}

/** The result of a claim as its experiments and scenarios give it; `null` when none verifies it. */
export function resultFromRuns(
  entry: CatalogueEntry,
  experiments: readonly ExperimentResult[],
  scenarios: readonly ScenarioResult[],
): ClaimResult | null {
  const sayings = [
    ...experiments.filter((experiment) => experiment.verifies.includes(entry.id)).map(sayingOfExperiment),
    ...scenarios.flatMap((scenario) => sayingOfScenario(entry.id, scenario)),
  ];
  const verdict = mergeVerdicts(sayings.map((saying) => saying.verdict));
  const decisive = sayings.find((saying) => saying.verdict === verdict);
  if (decisive === undefined) return null;
  const { reason, ...rest } = decisive;
  return {
    ...entry,
    ...rest,
    ...(reason !== undefined && { reason }),
    evidence: sayings.flatMap((saying) => saying.evidence),
    duration_ms: sayings.reduce((sum, saying) => sum + saying.duration_ms, 0),
  };
}

function sayingOfExperiment(experiment: ExperimentResult): Saying {
  return {
    verdict: experiment.verdict,
    expected: experiment.limit_s === null ? experiment.hypothesis : `an outage of at most ${experiment.limit_s} s`,
    observed: experiment.observed,
    reason: experiment.reason,
    evidence: [
      {
        kind: 'table',
        title: `Trials of “${experiment.title}”`,
        columns: ['Trial', 'Outage from, s', 'to, s', 'Failed', 'Requests', 'Counts'],
        rows: experiment.trials.map((trial, index) => [
          index + 1,
          trial.lower_s,
          trial.upper_s,
          trial.failedRequests,
          trial.totalRequests,
          trial.valid ? 'yes' : `no: ${trial.invalidReason ?? 'not said'}`,
        ]),
      },
    ],
    duration_ms: experiment.duration_ms,
    reproduce: experiment.reproduce,
  };
}

function sayingOfScenario(id: string, scenario: ScenarioResult): readonly Saying[] {
  const promise = scenario.promises.find((candidate) => candidate.claim === id);
  if (promise === undefined && !scenario.verifies.includes(id)) return [];
  const { reason, reproduce, duration_ms } = scenario;
  const evidence: readonly Evidence[] = [
    {
      kind: 'table',
      title: `Latency in “${scenario.title}”`,
      columns: ['Percentile', `ms from the ${scenario.latencyFrom === 'send' ? 'send' : 'intended start'}`],
      rows: scenario.corrected.map((point) => [`P${point.percentile}`, point.value_ms]),
    },
  ];
  const rest = { reason, evidence, reproduce, duration_ms };
  if (promise === undefined) return [{ verdict: scenario.verdict, expected: '', observed: scenario.observed, ...rest }];
  const { lower, upper } = promise.interval_ms;
  const interval = `${lower === null ? 'open' : lower} to ${upper === null ? 'open' : upper} ms`;
  return [
    {
      verdict: promise.verdict,
      expected: `P${promise.percentile} below ${promise.limit_ms} ms`,
      observed: `${promise.measured_ms} ms (${interval})`,
      ...rest,
    },
  ];
}
