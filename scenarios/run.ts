/** Runs a scenario and judges its promises. */
import type {
  PercentilePoint,
  Profile,
  RequestKind,
  ScenarioControl,
  ScenarioFigure,
  ScenarioPromise,
  ScenarioResult,
  Verdict,
} from '../reports/record/types.ts';
import { monotonic_ms } from '../measurement/clock.ts';
import type { LatencyHistogram } from '../measurement/histogram.ts';
import { samplesForUpperBound } from '../measurement/statistics.ts';
import type { Generator, GeneratorHost, LoadMeasurement, ResourceSampler } from './engines/engine.ts';
import { slowedByOthers, usersWaited, validityRules } from './engines/validity.ts';
import type { ValidityRule } from './engines/validity.ts';
import { judgeFigure } from './figures.ts';
import type { LoadPlan } from './k6/load.ts';
import { usersFor } from './scenario.ts';
import type { LatencyPromise, LoadShape, Scenario } from './scenario.ts';

const WARM_UP = 'warm-up';
/** Name of the step that counts. */
export const MEASURED = 'measured';

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
  /** Further generators that share the load. */
  readonly besides?: readonly Generator[];
  readonly profile: Profile;
  readonly reproduce: string;
  readonly shape: LoadShape;
  /** Marks the result as that of a control; the caller brings the condition about. */
  readonly control?: ScenarioControl;
  readonly sample?: () => ResourceSampler;
  readonly signal?: AbortSignal;
}

export interface ScenarioOutcome {
  readonly scenario: ScenarioResult;
  /** Promises whose percentile the profile's number of samples cannot bound, and why. */
  readonly outside: readonly { readonly claim: string; readonly why: string }[];
}

/** Promises that a load shape can decide: the highest rank needs an order statistic above it. */
export function decidable(promises: readonly LatencyPromise[], shape: LoadShape): LatencyPromise[] {
  const samples = shape.rate_perS * shape.measured_s * 0.99;
  return promises.filter((promise) => samplesForUpperBound(promise.percentile / 100) <= samples);
}

/** Runs one load and turns it into a result; never throws for what the gateway did. */
export async function runScenario(
  name: string,
  declared: Scenario,
  options: ScenarioOptions,
): Promise<ScenarioOutcome> {
  const started_ms = monotonic_ms();
  const { shape } = options;
  const promises = decidable(declared.promises, shape);
  const users = usersFor(declared, shape, promises);
  const { measured, resources, heldUp } = await offer(declared, shape, users, options);
  const validity = validityRules(
    measured,
    promises.map((promise) => promise.percentile),
    shape.measured_s,
  );
  const slowed = slowedByOthers(measured);
  const decisive = measured[declared.measures === 'overhead' ? 'overhead' : 'corrected'];
  decisive.record(Number.POSITIVE_INFINITY, heldUp);
  const judged = promises.map((promise) => judge(promise, decisive, validity, slowed !== null));
  const figures = (declared.figures ?? []).map((figure) =>
    judgeFigure(figure, { measured, resources, shape }, validity),
  );
  const broken = validity.find((rule) => !rule.holds);
  const open = judged.some(({ verdict }) => verdict === 'inconclusive');
  const reason = broken
    ? `${broken.rule}: ${broken.seen}`
    : open && slowed !== null
      ? slowed
      : figures.find((figure) => figure.reason !== undefined)?.reason;
  const scenario: ScenarioResult = {
    name,
    title: declared.title,
    verifies: [...promises, ...figures].map(({ claim }) => claim),
    engine: measured.engine,
    verdict: worst([...judged, ...figures].map(({ verdict }) => verdict)),
    observed: describe({ measured, heldUp, decisive, judged, figures }),
    ...(reason === undefined ? {} : { reason }),
    ...(options.control ? { control: options.control } : {}),
    clientAddresses: users,
    warmup_s: shape.warmup_s,
    buckets: measured.buckets,
    kinds: [...measured.kinds, ...neverSent(heldUp)],
    measures: declared.measures,
    corrected: finite(decisive, declared.timeout_s),
    actual: declared.measures === 'overhead' ? [] : finite(measured.actual, declared.timeout_s),
    ...(measured.backend.count > 0 ? { backend: measured.backend.spectrum() } : {}),
    promises: judged,
    ...(figures.length > 0 ? { figures } : {}),
    validity,
    resources,
    duration_ms: Math.round(monotonic_ms() - started_ms),
    reproduce: options.reproduce,
  };
  const outside = declared.promises
    .filter((promise) => !promises.includes(promise))
    .map((promise) => ({
      claim: promise.claim,
      why: `P${promise.percentile} needs ${samplesForUpperBound(promise.percentile / 100)} samples, the ${options.profile} profile takes ${shape.rate_perS * shape.measured_s}`,
    }));
  return { scenario, outside };
}

/** What one load brought; `heldUp` requests were due while all users waited for the gateway, and failed. */
interface Offered {
  readonly measured: LoadMeasurement;
  readonly resources: ScenarioResult['resources'];
  readonly heldUp: number;
}

/** Offers one load and watches the containers meanwhile. */
export async function offer(
  declared: Scenario,
  shape: LoadShape,
  users: number,
  options: Pick<
    ScenarioOptions,
    'host' | 'gateway' | 'baseUrl' | 'backends' | 'clientBlock' | 'besides' | 'sample' | 'signal'
  >,
): Promise<Offered> {
  const sampler = options.sample?.();
  const measured = await declared.engine.run(options.host, {
    plan: loadPlan(declared, shape, users, options),
    measured: MEASURED,
    clientBlock: options.clientBlock,
    besides: options.besides ?? [],
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const heldUp = usersWaited(measured, shape.measured_s) ? measured.dropped : 0;
  return { measured, resources: (await sampler?.stop()) ?? [], heldUp };
}

/** A constant rate: a warm-up, then the step that counts. */
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
      {
        name: MEASURED,
        rate_perS: shape.rate_perS,
        start_s: shape.warmup_s,
        duration_s: shape.measured_s,
        drain_s: declared.timeout_s,
      },
    ],
    routes: declared.routes,
    headers: declared.headers ?? {},
    backends,
    virtualUsers,
    timeout_s: declared.timeout_s,
  };
}

/**
 * Conforms when the interval of the percentile ends below the limit, deviates when it
 * begins at or above it, unless the machine itself was `slowed`.
 */
export function judge(
  promise: LatencyPromise,
  latency: LatencyHistogram,
  validity: readonly ValidityRule[],
  slowed = false,
): ScenarioPromise {
  const interval_ms = latency.interval_ms(promise.percentile);
  const sound = validity.every((rule) => rule.holds);
  const below = interval_ms.upper !== null && interval_ms.upper < promise.limit_ms;
  const above = interval_ms.lower !== null && interval_ms.lower >= promise.limit_ms;
  const verdict: Verdict = !sound
    ? 'inconclusive'
    : below
      ? 'conforms'
      : above && !slowed
        ? 'deviates'
        : 'inconclusive';
  return { ...promise, measured_ms: round(latency.percentile_ms(promise.percentile)), interval_ms, verdict };
}

/** Requests that were due while all users waited for the gateway: no tool saw them fail. */
function neverSent(heldUp: number): RequestKind[] {
  return heldUp === 0 ? [] : [{ outcome: 'failed', kind: 'never sent', requests: heldUp }];
}

function worst(verdicts: readonly Verdict[]): Verdict {
  const order: readonly Verdict[] = ['deviates', 'inconclusive', 'conforms'];
  return order.find((verdict) => verdicts.includes(verdict)) ?? 'not-run';
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
    ...judged.map((promise) => `P${promise.percentile} ${promise.measured_ms} ms (promised ${promise.limit_ms})`),
    ...figures.map(({ what, measured, unit, limit }) => `${what} ${measured} ${unit} (promised ${limit})`),
  ];
  return [
    seen.length === 0 ? `median ${round(decisive.percentile_ms(50))} ms` : seen.join(', '),
    `${achieved} of ${offered} requests sent`,
    `${outcomes.failed + heldUp} failed`,
    `${outcomes.refused} refused`,
  ].join('; ');
}

/** Failed requests stand at the far end of the histogram; on paper they took as long as a client waits. */
function finite(latency: LatencyHistogram, timeout_s: number): PercentilePoint[] {
  return latency.spectrum().map((point) => ({ ...point, value_ms: Math.min(point.value_ms, timeout_s * 1000) }));
}

const round = (value: number): number => Math.round(value * 10) / 10;
