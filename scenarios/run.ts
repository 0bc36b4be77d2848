/** Runs a scenario and judges its promises. */
import type {
  PercentilePoint,
  RequestKind,
  ScenarioControl,
  ScenarioFigure,
  ScenarioPromise,
  ScenarioResult,
} from '../reports/record/types.ts';
import { mergeVerdicts } from '../reports/record/merge.ts';
import { monotonic_ms } from '../measurement/clock.ts';
import { latencyInWords } from '../measurement/histogram.ts';
import type { LatencyHistogram } from '../measurement/histogram.ts';
import { samplesForUpperBound } from '../measurement/statistics.ts';
import { countedSpan, generatorUse } from './cores.ts';
import type { CoresSeen } from './cores.ts';
import type { Generator, GeneratorHost, LoadMeasurement, ResourceSampler } from './engines/engine.ts';
import { countHeldUp, heldUp, slowed, validityRules } from './engines/validity.ts';
import { judgeFigure } from './figures.ts';
import type { FigurePromise } from './figures.ts';
import type { LoadPlan, LoadStep } from './k6/load.ts';
import type { PhaseTimes } from './phases.ts';
import { stagesOf, usersFor } from './scenario.ts';
import type { LatencyPromise, LoadShape, Scenario } from './scenario.ts';
import { judgePromise } from './promises.ts';
import { stageRows } from './stages.ts';

const WARM_UP = 'warm-up';

export interface ScenarioOptions {
  readonly host: GeneratorHost;
  /** Where clients reach the gateway. */
  readonly gateway: { readonly address: string; readonly serverName: string };
  /** Replaces `https://<serverName>`. */
  readonly baseUrl?: string;
  /** Backends that the scenario asks past the gateway: `http://<address>:<port>`. */
  readonly backends: readonly string[];
  /** Addresses that the generator owns. */
  readonly clientBlock: string;
  /** Cores that the system under test has. */
  readonly sutCores: number;
  /** Further generators that share the load. */
  readonly besides?: readonly Generator[];
  /** Where Prometheus takes samples of generators that can write to it. */
  readonly remoteWrite?: string;
  readonly reproduce: string;
  readonly shape: LoadShape;
  /** Marks the result as that of a control; the caller brings the condition about. */
  readonly control?: ScenarioControl;
  readonly sample?: () => ResourceSampler;
  /** What the gateway wrote about its requests; asked once the load has ended. */
  readonly phases?: () => Promise<readonly PhaseTimes[]>;
  readonly signal?: AbortSignal;
}

/** What a load shape can decide: the highest rank needs an order statistic above it, and some figures many samples. */
export function decidable(
  { promises, figures = [] }: Pick<Scenario, 'promises' | 'figures'>,
  shape: LoadShape,
): { readonly promises: LatencyPromise[]; readonly figures: FigurePromise[] } {
  const sent = shape.rate_perS * shape.measured_s * 0.99;
  return {
    promises: promises.filter(({ percentile }) => samplesForUpperBound(percentile / 100) <= sent),
    figures: figures.filter(({ samples = 0 }) => samples <= sent),
  };
}

/** Runs one load and turns it into a result; never throws for what the gateway did. */
export async function runScenario(name: string, declared: Scenario, options: ScenarioOptions): Promise<ScenarioResult> {
  const started_ms = monotonic_ms();
  const { shape } = options;
  const { promises, figures: told } = decidable(declared, shape);
  const users = usersFor(declared, shape, promises);
  const { measured, watched, heldUp } = await offer(declared, shape, users, options);
  const validity = validityRules(
    measured,
    promises.map((promise) => promise.percentile),
    shape.measured_s,
  );
  const slow = slowed(measured, generatorUse(watched, countedSpan(shape)));
  const decisive = measured[declared.measures === 'overhead' ? 'overhead' : 'corrected'];
  if (heldUp > 0) countHeldUp(decisive, measured.stages);
  const halves = decisive.halves();
  const judged = promises.map((promise) =>
    judgePromise(promise, { all: decisive, halves }, validity, slow?.why ?? null),
  );
  const phases = (await options.phases?.()) ?? [];
  const seen = { measured, ...watched, shape, sutCores: options.sutCores, phases };
  const figures = told.map((figure) => judgeFigure(figure, seen, validity));
  const verdict = mergeVerdicts([...judged, ...figures].map((one) => one.verdict));
  const broken = validity.find((rule) => !rule.holds);
  const reason = broken
    ? `${broken.rule}: ${broken.seen}`
    : [...judged, ...figures].find((one) => one.reason !== undefined)?.reason;
  return {
    name,
    title: declared.title,
    verifies: [...new Set([...promises, ...figures].map(({ claim }) => claim))],
    engine: measured.engine,
    verdict,
    observed: describe({ measured, heldUp, decisive, judged, figures }),
    // A broken rule that is the very question of a figure explains nothing that was kept.
    ...(reason === undefined || verdict === 'conforms' ? {} : { reason }),
    ...(options.control ? { control: options.control } : {}),
    clientAddresses: Math.max(users, measured.users),
    warmup_s: shape.warmup_s,
    buckets: measured.buckets,
    kinds: [...measured.kinds, ...neverSent(heldUp)],
    measures: declared.measures,
    // A pair's times are compared, so they begin when a request is written (see k6/overhead.ts).
    ...(declared.engine.latencyFrom === 'send' || declared.measures === 'overhead' ? { latencyFrom: 'send' } : {}),
    corrected: declared.stages ? [] : finite(decisive, declared.timeout_s),
    actual: declared.stages || declared.measures === 'overhead' ? [] : finite(measured.actual, declared.timeout_s),
    ...(declared.stages ? { stages: stageRows(measured.stages, declared.timeout_s) } : {}),
    ...(measured.backend.count > 0 && !declared.stages ? { backend: measured.backend.spectrum() } : {}),
    promises: judged,
    ...(figures.length > 0 ? { figures } : {}),
    validity,
    ...watched,
    duration_ms: Math.round(monotonic_ms() - started_ms),
    reproduce: options.reproduce,
  };
}

/** What one load brought; `heldUp` requests were due while all users waited for the gateway, and failed. */
interface Offered {
  readonly measured: LoadMeasurement;
  readonly watched: CoresSeen;
  readonly heldUp: number;
}

/** Offers one load and watches containers and cores meanwhile. */
export async function offer(
  declared: Scenario,
  shape: LoadShape,
  users: number,
  options: Pick<
    ScenarioOptions,
    'host' | 'gateway' | 'baseUrl' | 'backends' | 'clientBlock' | 'besides' | 'remoteWrite' | 'sample' | 'signal'
  >,
): Promise<Offered> {
  const sampler = options.sample?.();
  try {
    const measured = await declared.engine.run(options.host, {
      plan: loadPlan(declared, shape, users, options),
      measured: stagesOf(declared).map(({ name }) => name),
      clientBlock: options.clientBlock,
      besides: options.besides ?? [],
      ...(options.remoteWrite === undefined ? {} : { remoteWrite: options.remoteWrite }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    return {
      measured,
      watched: (await sampler?.stop(measured.begun_ms)) ?? { resources: [] },
      heldUp: heldUp(measured, shape.measured_s),
    };
  } catch (error) {
    // It would look on for ever, and keep the process from ending.
    await sampler?.stop(null).catch(() => undefined);
    throw error;
  }
}

/** A warm-up, then what counts: each stage at a constant rate. */
export function loadPlan(
  declared: Scenario,
  shape: LoadShape,
  virtualUsers: number,
  { gateway, backends, baseUrl }: Pick<ScenarioOptions, 'gateway' | 'backends' | 'baseUrl'>,
): LoadPlan {
  const { address, serverName } = gateway;
  return {
    baseUrl: baseUrl ?? `https://${serverName}`,
    hosts: { [serverName]: address },
    steps: [
      { name: WARM_UP, rate_perS: shape.rate_perS, start_s: 0, duration_s: shape.warmup_s, drain_s: 0 },
      ...stageSteps(declared, shape, virtualUsers),
    ],
    routes: declared.routes,
    headers: declared.headers ?? {},
    ...(declared.freshConnections ? { freshConnections: true } : {}),
    backends,
    virtualUsers,
    timeout_s: declared.timeout_s,
  };
}

/** Users of a stage are as many times those of the scenario as its rate is. */
function stageSteps(declared: Scenario, shape: LoadShape, users: number): LoadStep[] {
  let start_s = shape.warmup_s;
  return stagesOf(declared).map(({ name, times, share }) => {
    const duration_s = Math.round(shape.measured_s * share);
    const step = { name, rate_perS: shape.rate_perS * times, start_s, duration_s, drain_s: declared.timeout_s };
    start_s += duration_s;
    return times === 1 ? step : { ...step, virtualUsers: Math.ceil(users * times) };
  });
}

/** Requests that were due while all users waited for the gateway: no tool saw them fail. */
export const NEVER_SENT = 'never sent';

function neverSent(heldUp: number): RequestKind[] {
  return heldUp === 0 ? [] : [{ outcome: 'failed', kind: NEVER_SENT, requests: heldUp }];
}

function describe({
  measured: { outcomes, achieved, offered },
  heldUp,
  decisive,
  judged,
  figures,
}: {
  readonly measured: LoadMeasurement;
  readonly heldUp: number;
  readonly decisive: LatencyHistogram;
  readonly judged: readonly ScenarioPromise[];
  readonly figures: readonly ScenarioFigure[];
}): string {
  const seen = [
    ...judged.map(
      (promise) => `P${promise.percentile} ${latencyInWords(promise.measured_ms)} (promised ${promise.limit_ms})`,
    ),
    ...figuresInWords(figures),
  ];
  return [
    seen.length === 0 ? `median ${latencyInWords(decisive.percentile_ms(50))}` : seen.join(', '),
    `${achieved} of ${offered} requests sent`,
    `${outcomes.failed + heldUp} failed`,
    `${outcomes.refused} refused`,
  ].join('; ');
}

/** More figures than this are counted, and only those told that were not as promised. */
const TOLD_EACH = 3;

function figuresInWords(figures: readonly ScenarioFigure[]): string[] {
  const few = figures.length <= TOLD_EACH;
  const told = few ? figures : figures.filter(({ verdict }) => verdict !== 'conforms');
  return [
    ...(few ? [] : [`${figures.length - told.length} of ${figures.length} figures as promised`]),
    ...told.map(({ what, measured, unit, limit }) => `${what} ${measured} ${unit} (promised ${limit})`),
  ];
}

/** Failed requests stand at the far end of the histogram; on paper they took as long as a client waits. */
function finite(latency: LatencyHistogram, timeout_s: number): PercentilePoint[] {
  return latency.spectrum().map((point) => ({ ...point, value_ms: Math.min(point.value_ms, timeout_s * 1000) }));
}
