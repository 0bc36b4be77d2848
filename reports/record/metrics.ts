/** Figures of a run that can be compared with those of another one. */
import type { ScenarioResult } from './dynamics.ts';
import type { RunRecord } from './types.ts';

export interface Metric {
  /** Variant, scenario and figure. */
  readonly name: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly value: number;
}

const PERCENTILES = [50, 90, 95, 99];

/** Latency from the intended start and throughput of every scenario whose load counts. */
export function metricsOf({ variants }: RunRecord): readonly Metric[] {
  return variants.flatMap(({ name, scenarios }) =>
    scenarios
      .filter(({ verdict }) => verdict === 'conforms' || verdict === 'deviates')
      .flatMap((scenario) =>
        scenarioMetrics(scenario).map((metric) => ({ ...metric, name: `${name}/${metric.name}` })),
      ),
  );
}

function scenarioMetrics({ name, corrected, buckets, warmup_s }: ScenarioResult): readonly Metric[] {
  const latency = PERCENTILES.flatMap((wanted): Metric[] => {
    const point = corrected.find(({ percentile }) => percentile === wanted);
    return point ? [{ name: `${name} P${wanted}`, unit: 'ms', better: 'lower', value: point.value_ms }] : [];
  });
  const measured = buckets.filter(({ at_s }) => at_s >= warmup_s);
  if (measured.length === 0) return latency;
  const achieved = measured.reduce((sum, bucket) => sum + bucket.achieved, 0) / measured.length;
  return [...latency, { name: `${name} throughput`, unit: 'requests/s', better: 'higher', value: achieved }];
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

/** In which parts of their fingerprints runs differ. */
export function differences(records: readonly RunRecord[]): readonly string[] {
  const prints = records.map(fingerprint);
  const names = [...new Set(prints.flatMap((print) => Object.keys(print)))];
  return names.flatMap((name) => {
    const values = [...new Set(prints.map((print) => print[name] ?? 'none'))];
    return values.length > 1 ? [`${name}: ${values.join(', ')}`] : [];
  });
}
