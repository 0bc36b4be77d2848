/** Figures of a run that can be compared with those of another one. */
import type { LoadBucket, ScenarioResult } from './dynamics.ts';
import type { RunRecord } from './types.ts';

export interface Metric {
  /** Variant, scenario and figure. */
  readonly name: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly value: number;
}

const PERCENTILES = [50, 90, 95, 99];

/** Latency from the intended start, throughput and failures of every scenario whose load counts. */
export function metricsOf({ variants }: RunRecord): readonly Metric[] {
  return variants.flatMap(({ name, scenarios }) =>
    scenarios
      .filter(counts)
      .flatMap((scenario) =>
        scenarioMetrics(scenario).map((metric) => ({ ...metric, name: `${name}/${metric.name}` })),
      ),
  );
}

/**
 * Whether a load was sound and no control, however it was judged: figures near a limit are often inconclusive, and to
 * leave those out would choose runs by their outcome. A rule may be broken where it is what a promise asks: then
 * something was decided all the same.
 */
function counts({ control, validity, verdict }: ScenarioResult): boolean {
  if (control !== undefined) return false;
  return validity.every(({ holds }) => holds) || verdict === 'conforms' || verdict === 'deviates';
}

function scenarioMetrics(scenario: ScenarioResult): readonly Metric[] {
  const { name, buckets, warmup_s } = scenario;
  const latency = PERCENTILES.flatMap((wanted): Metric[] => {
    const value = percentileOf(scenario, wanted);
    return value === null ? [] : [{ name: `${name} P${wanted}`, unit: 'ms', better: 'lower', value }];
  });
  const staged = (scenario.stages ?? []).flatMap(({ name: stage, p50_ms, p95_ms }): Metric[] => [
    { name: `${name} ${stage} P50`, unit: 'ms', better: 'lower', value: p50_ms },
    { name: `${name} ${stage} P95`, unit: 'ms', better: 'lower', value: p95_ms },
  ]);
  const measured = buckets.filter(({ at_s }) => at_s >= warmup_s);
  if (measured.length === 0) return [...latency, ...staged];
  return [
    ...latency,
    ...staged,
    { name: `${name} throughput`, unit: 'requests/s', better: 'higher', value: answeredPerS(measured) },
    { name: `${name} failed`, unit: 'of requests', better: 'lower', value: failedShare(measured) },
  ];
}

/** Requests a second that were neither refused nor failed. */
function answeredPerS(buckets: readonly LoadBucket[]): number {
  const answered = buckets.map(({ achieved, errors, endings }) => {
    // Endings have refused requests too.
    const lost = endings === undefined ? errors : Object.values(endings).reduce((sum, requests) => sum + requests, 0);
    return achieved - lost;
  });
  return answered.reduce((sum, requests) => sum + requests, 0) / buckets.length;
}

/**
 * Share of requests that failed, those that found no free user among them, 0–1. Half a request is added to the failed
 * ones: most loads have none, and a comparison takes ratios.
 */
function failedShare(buckets: readonly LoadBucket[]): number {
  const failed = buckets.reduce((sum, { errors, dropped }) => sum + errors + dropped, 0);
  const due = buckets.reduce((sum, { achieved, dropped }) => sum + achieved + dropped, 0);
  return (failed + 0.5) / (due + 1);
}

/** The spectrum has P90 and P99, and P50 and P95 only by chance: those are taken as they were judged, else from its next point. */
function percentileOf({ promises, corrected }: ScenarioResult, wanted: number): number | null {
  const exact = corrected.find(({ percentile }) => percentile === wanted)?.value_ms;
  const promised = promises.find(({ percentile }) => percentile === wanted)?.measured_ms;
  return exact ?? promised ?? corrected.find(({ percentile }) => percentile >= wanted)?.value_ms ?? null;
}

/** What must be the same before figures of two runs may be compared: the machine and the versions of the tools. */
export function fingerprint({ run }: RunRecord): Readonly<Record<string, string>> {
  const { cores, memory_gib, kernel, docker, cgroup, arch } = run.host;
  return {
    environment: run.environment,
    profile: run.profile,
    cores: String(cores),
    memory: `${Math.round(memory_gib)} GiB`,
    kernel,
    docker,
    cgroup,
    arch,
    ...Object.fromEntries(Object.entries(run.versions).map(([name, version]) => [`version of ${name}`, version])),
  };
}

/** In which parts of their fingerprints runs differ, and in loads that more than one of them tells the shape of. */
export function differences(records: readonly RunRecord[]): readonly string[] {
  const prints = records.map(fingerprint);
  const names = [...new Set(prints.flatMap((print) => Object.keys(print)))];
  const loads = records.flatMap(({ run }) => Object.entries(run.loads ?? {}));
  const told = [
    ...names.map((name) => [name, prints.map((print) => print[name] ?? 'none')] as const),
    ...[...Map.groupBy(loads, ([scenario]) => scenario)].map(
      ([scenario, shapes]) => [`load of ${scenario}`, shapes.map(([, shape]) => inWords(shape))] as const,
    ),
  ];
  return told.flatMap(([name, all]) => {
    const values = [...new Set(all)];
    return values.length > 1 ? [`${name}: ${values.join(', ')}`] : [];
  });
}

const inWords = ({ rate_perS, warmup_s, measured_s }: NonNullable<RunRecord['run']['loads']>[string]): string =>
  `${rate_perS}/s for ${measured_s} s after ${warmup_s} s`;
