/** Searches the capacity of a system with the requests of a scenario. */
import { monotonic_ms } from '../../measurement/clock.ts';
import { samplesForUpperBound } from '../../measurement/statistics.ts';
import type { CapacityResult, CapacityStep, Replicas } from '../../reports/record/types.ts';
import type { LoadMeasurement } from '../engines/engine.ts';
import { countHeldUp, slowed, validityRules } from '../engines/validity.ts';
import { countedSpan, generatorUse, meanCores, systemUse, usedUp } from '../cores.ts';
import type { CoresSeen } from '../cores.ts';
import { NEVER_SENT, offer } from '../run.ts';
import type { ScenarioOptions } from '../run.ts';
import { usersFor } from '../scenario.ts';
import type { LoadShape, Scenario } from '../scenario.ts';
import { judgeStep, objectiveInWords } from './objective.ts';
import type { Objective } from './objective.ts';
import { ranOut } from './ran-out.ts';
import { searchCapacity } from './search.ts';
import type { SearchOptions, StepVerdict } from './search.ts';

export interface CapacityOptions extends Omit<ScenarioOptions, 'shape' | 'control'> {
  readonly objective: Objective;
  readonly search: Omit<SearchOptions, 'rate_min_perS' | 'rate_max_perS'>;
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
  /** Told what was found, also when a step failed: what the steps before it found. */
  readonly onResult?: (capacity: CapacityResult) => void;
}

/**
 * Runs load steps until the capacity is known well enough. When `signal` aborts, the result is what
 * the steps that were done found.
 *
 * @throws what a step throws, once `onResult` was told the same
 */
export async function findCapacity(
  name: string,
  declared: Scenario,
  options: CapacityOptions,
): Promise<CapacityResult> {
  const began_ms = monotonic_ms();
  const steps: CapacityStep[] = [];
  const tested = new Set<string>();
  let users_max = 0;
  const measure = async (rate_perS: number): Promise<StepVerdict> => {
    options.signal?.throwIfAborted();
    options.onStep?.(rate_perS);
    const { step, users, watched } = await oneStep(declared, rate_perS, options);
    // A step that was cut short says nothing.
    options.signal?.throwIfAborted();
    steps.push(step);
    for (const { container, role } of watched.resources) if (role === 'sut') tested.add(container);
    users_max = Math.max(users_max, users);
    return step.verdict;
  };
  const rate_max_perS = Math.floor((options.addresses * declared.perAddress_perMin) / 60);
  const rate_min_perS = slowestRate(options.objective, rate_max_perS);
  const start_perS = Math.max(options.search.start_perS, rate_min_perS);
  const found = await searchCapacity(measure, { ...options.search, start_perS, rate_min_perS, rate_max_perS });
  const phased = steps.map((step, index) => ({ ...step, phase: found.steps[index]?.phase ?? step.phase }));
  const result: CapacityResult = {
    scenario: name,
    title: declared.title,
    ...(options.replicas ? { replicas: options.replicas } : {}),
    objective: objectiveInWords(options.objective),
    lower_perS: found.lower_perS,
    upper_perS: found.upper_perS,
    ended: found.ended,
    steps: phased,
    ranOut: ranOut(phased, found, { ...options, tested }),
    ...perCore(phased, found.lower_perS, options),
    clientAddresses: users_max,
    duration_ms: Math.round(monotonic_ms() - began_ms),
    reproduce: options.reproduce,
  };
  options.onResult?.(result);
  if (found.failure && !options.signal?.aborted) throw found.failure.error;
  return result;
}

type Cores = NonNullable<CapacityStep['cores']>;

/** Some fail, and some are still under way at the end. */
const SPARE = 1.3;
/** A step takes no longer than this to collect its samples, unless no rate that can be offered does it in that time. */
const LONGEST_STEP_S = 60;

async function oneStep(
  declared: Scenario,
  rate_perS: number,
  options: CapacityOptions,
): Promise<{ readonly step: CapacityStep; readonly users: number; readonly watched: CoresSeen }> {
  const { objective, step: planned } = options;
  const shape = { ...planned, rate_perS, measured_s: Math.max(planned.measured_s, seconds(objective, rate_perS)) };
  const limits = objective.latencies.map((one) => ({ ...one, claim: '' }));
  const users = Math.min(Math.max(usersFor(declared, shape, limits), options.addresses_min), options.addresses);
  const { measured, watched, heldUp } = await offer(declared, shape, users, options);
  if (heldUp > 0) countHeldUp(measured.corrected, measured.stages);
  const cores = coresOf({ ...watched, sutCores: options.sutCores }, shape);
  const due = Math.max(1, measured.achieved + heldUp);
  const at_ms = (percentile: number): number =>
    Math.round(10 * Math.min(measured.corrected.percentile_ms(percentile), declared.timeout_s * 1000)) / 10;
  const step: CapacityStep = {
    phase: 'growth',
    rate_perS,
    achieved_perS: Math.round(measured.achieved / shape.measured_s),
    ...saysOf(objective, shape, { measured, heldUp, cores }),
    p50_ms: at_ms(50),
    p95_ms: at_ms(95),
    p99_ms: at_ms(99),
    errorShare: (measured.outcomes.failed + heldUp) / due,
    cpu_cores: cpuOf(watched.resources, shape),
    cores,
    ...failuresOf(measured, heldUp),
  };
  return { step, users, watched };
}

function coresOf(seen: CoresSeen & { readonly sutCores: number }, shape: LoadShape): Cores {
  const generator = generatorUse(seen, countedSpan(shape));
  return { system: systemUse(seen, countedSpan(shape)), ...(generator ? { generator } : {}) };
}

/**
 * What a step says of the objective, and why it says nothing. What held has held, whatever made it
 * harder. A generator out of processor time explains what broke, unless the system was out of it
 * too: then it had nothing left to give, and lower rates that hold cannot be far.
 */
function saysOf(
  objective: Objective,
  { measured_s }: LoadShape,
  { measured, heldUp, cores }: { readonly measured: LoadMeasurement; readonly heldUp: number; readonly cores: Cores },
): Pick<CapacityStep, 'verdict' | 'reason'> {
  const broken = validityRules(measured, [], measured_s).find(({ holds }) => !holds);
  if (broken) return { verdict: 'invalid', reason: `${broken.rule}: ${broken.seen}` };
  const verdict = judgeStep(objective, measured, heldUp);
  const slow = slowed(measured, cores.generator ?? null);
  if (slow === null || (slow.by === 'generator' && usedUp(cores.system))) return { verdict };
  if (verdict === 'holds') return { verdict, reason: slow.why };
  return { verdict: slow.by === 'others' ? 'disturbed' : 'invalid', reason: slow.why };
}

/** Failed requests by kind, most frequent first. */
function failuresOf({ kinds }: LoadMeasurement, heldUp: number): Pick<CapacityStep, 'failures'> {
  const failed = kinds
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ kind, requests }) => [kind, requests] as const);
  const all = [...failed, ...(heldUp > 0 ? [[NEVER_SENT, heldUp] as const] : [])];
  return all.length === 0 ? {} : { failures: Object.fromEntries(all.toSorted(([, a], [, b]) => b - a)) };
}

/** Requests that a step needs until they can show that so few fail, and bound the highest percentile. */
function requestsNeeded({ latencies, errors }: Objective): number {
  const shares = [1 - errors, ...latencies.map(({ percentile }) => percentile / 100)];
  return SPARE * Math.max(...shares.map((share) => samplesForUpperBound(share)));
}

/** A slow rate needs longer until it has its samples. */
function seconds(objective: Objective, rate_perS: number): number {
  return Math.ceil(requestsNeeded(objective) / rate_perS);
}

/** Lowest rate, requests a second, whose step has its samples in time: below it nothing could be seen to hold. */
function slowestRate(objective: Objective, rate_max_perS: number): number {
  const longest_s = Math.max(LONGEST_STEP_S, seconds(objective, rate_max_perS));
  return Math.max(1, Math.ceil(requestsNeeded(objective) / longest_s));
}

function cpuOf(resources: CoresSeen['resources'], shape: LoadShape): Record<string, number> {
  return Object.fromEntries(
    resources.map(({ container }) => [container, Math.round(100 * meanCores(resources, container, shape)) / 100]),
  );
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
