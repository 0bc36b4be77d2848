import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import picomatch from 'picomatch';
import type { Experiment } from '../../chaos/runner/experiment.ts';
import { bindings, unbound } from '../../environments/ledger/bindings.ts';
import { UsageError } from '../../environments/ledger/errors.ts';
import type { Claim, Ledger } from '../../environments/ledger/ledger.ts';
import type { Profile, RunRecord, VariantName } from '../../reports/record/types.ts';
import type { Objective } from '../../scenarios/capacity/objective.ts';
import { decidable } from '../../scenarios/run.ts';
import { claimsOf } from '../../scenarios/scenario.ts';
import type { LoadShape, Scenario } from '../../scenarios/scenario.ts';
import { requireReplicas } from './replicas.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface PlannedExperiment {
  readonly name: string;
  readonly file: string;
  readonly experiment: Experiment;
  readonly trials?: number;
}

export interface PlannedCapacity extends PlannedScenario {
  readonly objective: Objective;
  /** Load steps that may be spent. */
  readonly steps: number;
  /** Client addresses at least. */
  readonly addresses_min: number;
  /** Numbers of instances to search with, one after the other; empty for all that the configuration lists. */
  readonly replicas: readonly number[];
}

export interface PlannedScenario {
  readonly name: string;
  readonly scenario: Scenario;
  readonly shape: LoadShape;
  /** Generator containers that share the load. */
  readonly generators: number;
}

/** What a run will measure, and which claims it leaves out and why. */
export interface Plan {
  readonly cases: readonly Claim[];
  readonly experiments: readonly PlannedExperiment[];
  readonly scenarios: readonly PlannedScenario[];
  readonly capacity?: PlannedCapacity;
  /** Claim ids that must have a result in each variant, or the run is partial. */
  readonly planned: readonly string[];
  readonly outside: RunRecord['outside'];
  /** The selection as it was asked for; null when everything was. */
  readonly text: string | null;
  /** Generators also write their samples to Prometheus. */
  readonly remoteWrite?: boolean;
}

export interface PlanRequest {
  readonly ledger: Ledger;
  readonly profile: Profile;
  /** Globs over claim ids; empty for all. */
  readonly only: readonly string[];
  /** Restricts what runs: `chaos` and `load` leave the cases out. */
  readonly kinds?: readonly ('case' | 'experiment' | 'scenario')[];
  /** Names of experiments; all when absent or empty. */
  readonly experiments?: readonly string[] | undefined;
  readonly scenario?: string | undefined;
  readonly trials?: number | undefined;
  /** Leaves out experiments and scenarios that are not short enough for `verify` in the smoke profile. */
  readonly shortOnly?: boolean;
  /** Generator containers that share the load of a scenario. */
  readonly generators?: number;
  /** Generators also write their samples to Prometheus. */
  readonly remoteWrite?: boolean;
  /** Takes the short load of a scenario in the smoke profile where it has one. */
  readonly shortIfAny?: boolean;
}

/**
 * Chooses what to measure.
 *
 * @throws {UsageError} when nothing is selected
 */
export async function plan(request: PlanRequest): Promise<Plan> {
  const { ledger, profile, only } = request;
  const kinds = request.kinds ?? ['case', 'experiment', 'scenario'];
  const wanted = only.length === 0 ? (): boolean => true : picomatch([...only], { bash: true });
  const any = (claims: readonly string[]): boolean => claims.some((claim) => wanted(claim));
  const bound = bindings(ledger.environment);
  const byCase = new Set(bound.filter(({ by }) => by === 'case').map(({ claim }) => claim));
  const cases = kinds.includes('case') ? ledger.claims.filter(({ id }) => byCase.has(id) && wanted(id)) : [];
  const experiments = kinds.includes('experiment')
    ? (await loadExperiments(request)).filter(
        ({ experiment }) => any(experiment.verifies) && (!request.shortOnly || experiment.inSmokeVerify === true),
      )
    : [];
  const scenarios = kinds.includes('scenario')
    ? (await loadScenarios(request)).filter(({ scenario }) => any(claimsOf(scenario)))
    : [];
  const planned = [
    ...cases.map(({ id }) => id),
    ...experiments.flatMap(({ experiment }) => experiment.verifies),
    ...scenarios.flatMap(({ scenario, shape }) => claimsOf({ ...scenario, ...decidable(scenario, shape) })),
  ];
  if (planned.length === 0)
    throw new UsageError(
      `Nothing of ${ledger.environment} is selected by ${only.join(', ') || 'this command'}.`,
      `See what is bound: gateproof claims ${ledger.environment}`,
    );
  return {
    cases,
    experiments,
    scenarios,
    planned: [...new Set(planned)],
    outside: outside(ledger, new Set(planned), unbound(ledger.claims, bound), profile),
    text: only.length === 0 ? null : only.join(' '),
    remoteWrite: request.remoteWrite ?? false,
  };
}

/**
 * A run that only searches a capacity: it judges no claim.
 *
 * @throws {UsageError} for an unknown scenario, one whose rate cannot be searched, or more instances than its pool has
 */
export async function planCapacity(
  ledger: Ledger,
  request: Pick<PlannedCapacity, 'objective' | 'steps' | 'addresses_min' | 'replicas'> & {
    readonly scenario: string;
    readonly variants: readonly VariantName[];
  },
): Promise<Plan> {
  const { objective, steps, addresses_min, replicas } = request;
  const all = await loadScenarios({ ledger, profile: 'smoke', only: [] });
  const found = all.find(({ name }) => name === request.scenario);
  if (!found) throw new UsageError(`There is no scenario '${request.scenario}'.`, 'See gateproof load --help.');
  const refused = noTarget(found.scenario);
  if (refused !== null) {
    const targets = all.filter(({ scenario }) => noTarget(scenario) === null).map(({ name }) => name);
    throw new UsageError(
      `The capacity for the mix of ${found.name} cannot be searched: ${refused}.`,
      `Choose another --target: ${targets.join(', ')}.`,
    );
  }
  if (replicas.length > 0)
    for (const variant of request.variants)
      await requireReplicas(ledger.environment, variant, found.scenario, replicas);
  return {
    cases: [],
    experiments: [],
    scenarios: [],
    capacity: { ...found, objective, steps, addresses_min, replicas },
    planned: [],
    outside: [],
    text: `capacity ${request.scenario}${replicas.length === 0 ? '' : ` with ${replicas.join(', ')} instances`}`,
  };
}

/** Why a load step at a rate of the search would not be what a scenario is about; null when it would. */
function noTarget({ engine, stages, gateway, measures }: Scenario): string | null {
  if (engine.script === undefined) return `its load comes from ${engine.name}, and the search sets the rate of k6 only`;
  if (stages) return 'its load has several rates, and a search offers one at a time';
  if (gateway) return `it needs a changed gateway (${gateway}), and a search takes the gateway as it is`;
  if (measures === 'overhead') return 'it measures what the gateway adds, and an objective is about latency';
  return null;
}

function outside(
  ledger: Ledger,
  planned: ReadonlySet<string>,
  free: ReturnType<typeof unbound>,
  profile: Profile,
): RunRecord['outside'] {
  const drills = new Set(free.drill);
  const unboundYet = new Set(free['not-run yet']);
  return ledger.claims
    .filter(({ id }) => !planned.has(id))
    .map(({ id, statement, topic, kind }) => ({
      id,
      statement,
      topic,
      kind,
      why: drills.has(id)
        ? "drill: an operator's procedure"
        : unboundYet.has(id)
          ? 'no case covers it yet'
          : `not selected, or needs more samples than the ${profile} profile takes`,
    }));
}

async function loadExperiments({ ledger, experiments = [], trials }: PlanRequest): Promise<PlannedExperiment[]> {
  const found = await Promise.all(
    globSync(`chaos/experiments/${ledger.environment}/*.ts`, { cwd: ROOT })
      .sort()
      .map(async (file) => {
        const module = (await import(pathToFileURL(join(ROOT, file)).href)) as { default: Experiment };
        return {
          name: basename(file, '.ts'),
          file,
          experiment: module.default,
          ...(trials === undefined ? {} : { trials }),
        };
      }),
  );
  return found.filter(({ name }) => experiments.length === 0 || experiments.includes(name));
}

async function loadScenarios(request: PlanRequest): Promise<PlannedScenario[]> {
  const { ledger, scenario, profile, shortOnly, shortIfAny, remoteWrite, generators = 1 } = request;
  const found = await Promise.all(
    globSync(`scenarios/definitions/${ledger.environment}/*.ts`, { cwd: ROOT })
      .sort()
      .map(async (file) => {
        const module = (await import(pathToFileURL(join(ROOT, file)).href)) as { default: Scenario };
        return { name: basename(file, '.ts'), scenario: module.default };
      }),
  );
  return found
    .filter(({ name }) => scenario === undefined || name === scenario)
    .flatMap((one) => {
      const { inSmokeVerify, shapes } = one.scenario;
      if (generators > 1 && one.scenario.engine.script === undefined)
        throw new UsageError(
          `The load of ${one.name} comes from ${one.scenario.engine.name}, which is one process.`,
          'Run it without --generators; k6 can share a load.',
        );
      if (remoteWrite && one.scenario.engine.script === undefined)
        throw new UsageError(
          `The load of ${one.name} comes from ${one.scenario.engine.name}, which cannot write to Prometheus.`,
          'Run it without --remote-write; k6 can.',
        );
      const short = shortIfAny && profile === 'smoke' ? inSmokeVerify : undefined;
      const shape = shortOnly ? inSmokeVerify : (short ?? shapes[profile]);
      return shape ? [{ ...one, shape, generators }] : [];
    });
}

/** Cases side by side: seconds that one adds to a run, from experience on two cores. */
const SECONDS_PER_CASE = 0.3;
const START_S = 25;
const SECONDS_PER_TRIAL = 30;
/** A load step of a capacity search, with starting the generator. */
const SECONDS_PER_STEP = 25;

/** Roughly how long a plan takes, in seconds, for a number of variants. */
export function estimate_s(
  { cases, experiments, scenarios, capacity }: Plan,
  profile: Profile,
  variants: number,
): number {
  const chaos = experiments.reduce(
    (sum, { experiment, trials }) =>
      sum + (trials ?? experiment.trials[profile]) * (experiment.trial_s ?? SECONDS_PER_TRIAL),
    0,
  );
  const load = scenarios.reduce((sum, { shape }) => sum + shape.warmup_s + shape.measured_s + 5, 0);
  const search = (capacity?.steps ?? 0) * Math.max(1, capacity?.replicas.length ?? 0) * SECONDS_PER_STEP;
  return START_S + variants * (cases.length * SECONDS_PER_CASE + chaos + load + search);
}
