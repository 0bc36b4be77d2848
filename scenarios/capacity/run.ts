/** Searches the capacity of a system with the requests of a scenario, and says what ran out. */
import { monotonic_ms } from '../../measurement/clock.ts';
import { samplesForUpperBound } from '../../measurement/statistics.ts';
import type { CapacityResult, CapacityStep, Replicas, ScenarioResult } from '../../reports/record/types.ts';
import { slowedByOthers, validityRules } from '../engines/validity.ts';
import { meanCores } from '../cores.ts';
import { offer } from '../run.ts';
import type { ScenarioOptions } from '../run.ts';
import { usersFor } from '../scenario.ts';
import type { LoadShape, Scenario } from '../scenario.ts';
import { judgeStep, objectiveInWords } from './objective.ts';
import type { Objective } from './objective.ts';
import { searchCapacity } from './search.ts';
import type { Capacity, SearchOptions, StepVerdict } from './search.ts';

export interface CapacityOptions extends Omit<ScenarioOptions, 'shape' | 'control'> {
  readonly objective: Objective;
  readonly search: Omit<SearchOptions, 'rate_max_perS'>;
  readonly step: Omit<LoadShape, 'rate_perS'>;
  /** Addresses that the generator owns. */
  readonly addresses: number;
  /** Client addresses, and so users, at least, however low the rate is. */
  readonly addresses_min: number;
  /** Names of the containers of the gateway and of the applications. */
  readonly gatewayName: string;
  readonly applications: readonly string[];
  /** What takes requests when instances were left idle; the caller sees to that. */
  readonly replicas?: Replicas | undefined;
  readonly onStep?: (rate_perS: number) => void;
}

/** Runs load steps until the capacity is known well enough; stops early when `signal` aborts. */
export async function findCapacity(
  name: string,
  declared: Scenario,
  options: CapacityOptions,
): Promise<CapacityResult> {
  const began_ms = monotonic_ms();
  const steps: CapacityStep[] = [];
  let users_max = 0;
  const measure = async (rate_perS: number): Promise<StepVerdict> => {
    options.signal?.throwIfAborted();
    options.onStep?.(rate_perS);
    const { step, users } = await oneStep(declared, rate_perS, options);
    steps.push(step);
    users_max = Math.max(users_max, users);
    return step.verdict;
  };
  const rate_max_perS = Math.floor((options.addresses * declared.perAddress_perMin) / 60);
  const found = await searchCapacity(measure, { ...options.search, rate_max_perS });
  const phased = steps.map((step, index) => ({ ...step, phase: found.steps[index]?.phase ?? step.phase }));
  return {
    scenario: name,
    title: declared.title,
    ...(options.replicas ? { replicas: options.replicas } : {}),
    objective: objectiveInWords(options.objective),
    lower_perS: found.lower_perS,
    upper_perS: found.upper_perS,
    ended: found.ended,
    steps: phased,
    ranOut: ranOut(phased, found, options),
    ...perCore(phased, found.lower_perS, options),
    clientAddresses: users_max,
    duration_ms: Math.round(monotonic_ms() - began_ms),
    reproduce: options.reproduce,
  };
}

/** Some fail, and some are still under way at the end. */
const SPARE = 1.3;
const LONGEST_STEP_S = 60;

async function oneStep(
  declared: Scenario,
  rate_perS: number,
  options: CapacityOptions,
): Promise<{ readonly step: CapacityStep; readonly users: number }> {
  const { objective, step: planned } = options;
  const shape = { ...planned, rate_perS, measured_s: Math.max(planned.measured_s, seconds(objective, rate_perS)) };
  const limits = objective.latencies.map((one) => ({ ...one, claim: '' }));
  const users = Math.min(Math.max(usersFor(declared, shape, limits), options.addresses_min), options.addresses);
  const { measured, resources, heldUp } = await offer(declared, shape, users, options);
  measured.corrected.record(Number.POSITIVE_INFINITY, heldUp);
  const broken = validityRules(measured, [], shape.measured_s).find(({ holds }) => !holds);
  const slowed = slowedByOthers(measured);
  const judged = judgeStep(objective, measured, heldUp);
  const due = Math.max(1, measured.achieved + heldUp);
  const at_ms = (percentile: number): number =>
    Math.round(10 * Math.min(measured.corrected.percentile_ms(percentile), declared.timeout_s * 1000)) / 10;
  const step: CapacityStep = {
    phase: 'growth',
    rate_perS,
    achieved_perS: Math.round(measured.achieved / shape.measured_s),
    verdict: broken ? 'invalid' : judged !== 'holds' && slowed !== null ? 'disturbed' : judged,
    p50_ms: at_ms(50),
    p95_ms: at_ms(95),
    p99_ms: at_ms(99),
    errorShare: (measured.outcomes.failed + heldUp) / due,
    cpu_cores: cpuOf(resources, shape),
    ...(broken ? { reason: `${broken.rule}: ${broken.seen}` } : slowed === null ? {} : { reason: slowed }),
  };
  return { step, users };
}

/** A slow rate needs longer until its samples can show that so few fail, and bound the highest percentile. */
function seconds({ latencies, errors }: Objective, rate_perS: number): number {
  const samples = [1 - errors, ...latencies.map(({ percentile }) => percentile / 100)].map((share) =>
    samplesForUpperBound(share),
  );
  return Math.min(LONGEST_STEP_S, Math.ceil((SPARE * Math.max(...samples)) / rate_perS));
}

function cpuOf(resources: ScenarioResult['resources'], shape: LoadShape): Record<string, number> {
  return Object.fromEntries(
    resources.map(({ container }) => [container, Math.round(100 * meanCores(resources, container, shape)) / 100]),
  );
}

/** What {@link CapacityResult.ranOut} begins with when the cores of the system were used up. */
export const PROCESSOR = 'processor time of the system';
/** The system counts as out of processor time from this share of its cores on: what the kernel does for it belongs to no container. */
const CORES_USED_UP = 0.8;

function ranOut(
  steps: readonly CapacityStep[],
  { lower_perS, upper_perS, ended }: Capacity,
  { sutCores, gatewayName, applications }: CapacityOptions,
): string {
  const atTop = steps.filter(({ rate_perS, verdict }) => rate_perS === upper_perS && verdict !== 'holds');
  const step = atTop.find(({ verdict }) => verdict === 'breaks') ?? atTop[0];
  if (!step) {
    const untold = steps.filter(({ rate_perS }) => rate_perS > (lower_perS ?? 0));
    const last = untold.findLast(({ verdict }) => verdict === 'invalid' || verdict === 'disturbed');
    if (last?.reason === undefined) return `nothing that was seen (${ended})`;
    return `${last.verdict === 'invalid' ? 'the generator' : 'nobody knows'}: ${last.reason}`;
  }
  const gateway = step.cpu_cores[gatewayName] ?? 0;
  const upstream = sum(applications.map((name) => step.cpu_cores[name] ?? 0));
  const all = sum(Object.entries(step.cpu_cores).map(([name, cores]) => (name === 'generator' ? 0 : cores)));
  const use = `at ${String(step.rate_perS)}/s the gateway used ${two(gateway)}, the applications ${two(upstream)} and the watched containers together ${two(all)} of ${two(sutCores)} cores`;
  return all >= CORES_USED_UP * sutCores
    ? `${PROCESSOR}: ${use}`
    : `no processor: ${use}; ${two(100 * step.errorShare)} % failed, P95 ${String(step.p95_ms)} ms`;
}

function perCore(
  steps: readonly CapacityStep[],
  lower_perS: number | null,
  { gatewayName, applications }: CapacityOptions,
): Pick<CapacityResult, 'perGatewayCore' | 'perUpstreamCore'> {
  const step = steps.find(({ rate_perS, verdict }) => rate_perS === lower_perS && verdict === 'holds');
  const per = (cores: number): number | null => (step && cores > 0 ? Math.round(step.achieved_perS / cores) : null);
  return {
    perGatewayCore: per(step?.cpu_cores[gatewayName] ?? 0),
    perUpstreamCore: per(sum(applications.map((name) => step?.cpu_cores[name] ?? 0))),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const two = (value: number): string => String(Math.round(value * 100) / 100);
