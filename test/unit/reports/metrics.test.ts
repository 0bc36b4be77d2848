import { expect, test } from 'vitest';
import { differences, metricsOf } from '../../../reports/record/metrics.ts';
import { LatencyHistogram } from '../../../measurement/histogram.ts';
import type { LoadBucket, RunRecord, ScenarioResult } from '../../../reports/record/types.ts';
import { fullRecord } from './fixtures.ts';

test('latency and throughput of scenarios whose load counts', () => {
  const record = fullRecord();
  const names = metricsOf(record).map(({ name, unit, better }) => `${name}, ${unit}, ${better}`);
  const [scenario] = record.variants.flatMap(({ scenarios }) => scenarios);
  expect(names).toContain(`hardened/${scenario?.name ?? ''} P95, ms, lower`);
  expect(names).toContain(`hardened/${scenario?.name ?? ''} throughput, requests/s, higher`);
  expect(metricsOf(record).every(({ value }) => value > 0)).toBe(true);
});

test('percentiles are those that were judged, and else the next point of the spectrum', () => {
  const record = fullRecord();
  const spectrum = new LatencyHistogram();
  for (let n = 1; n <= 1_000; n += 1) spectrum.record(n);
  const scenarios = record.variants.flatMap((variant) => variant.scenarios).slice(0, 1);
  const [scenario] = scenarios.map((one) => ({
    ...one,
    verdict: 'conforms' as const,
    corrected: spectrum.spectrum(),
    stages: [],
    promises: one.promises.slice(0, 1).map((promise) => ({ ...promise, percentile: 50, measured_ms: 499.5 })),
  }));
  const variants = record.variants
    .slice(0, 1)
    .map((variant) => ({ ...variant, scenarios: scenario ? [scenario] : [] }));
  const values = metricsOf({ ...record, variants }).filter(({ unit }) => unit === 'ms');
  expect(values.map(({ name }) => name.split(' ')[1])).toEqual(['P50', 'P90', 'P95', 'P99']);
  expect(values[0]?.value).toBe(499.5);
  for (const [index, near] of [900, 950, 990].entries()) {
    expect(values[index + 1]?.value).toBeGreaterThanOrEqual(near);
    expect(values[index + 1]?.value).toBeLessThan(near + 20);
  }
});

test('stages have figures of their own', () => {
  const record = fullRecord();
  const stage = { start_s: 10, duration_s: 20, rate_perS: 40, answered: 800, refused: 0, failed: 0, p99_ms: 90 };
  const stages = [
    { ...stage, name: 'load', p50_ms: 50, p95_ms: 80 },
    { ...stage, name: 'spike', p50_ms: 60, p95_ms: 300 },
  ];
  const scenarios = record.variants
    .flatMap((variant) => variant.scenarios)
    .slice(0, 1)
    .map((one) => ({ ...one, name: 'demo', verdict: 'conforms' as const, corrected: [], promises: [], stages }));
  const variants = record.variants.slice(0, 1).map((variant) => ({ ...variant, scenarios }));
  const values = metricsOf({ ...record, variants }).filter(({ unit }) => unit === 'ms');
  expect(values.map(({ name, value }) => [name.split('/')[1], value])).toEqual([
    ['demo load P50', 50],
    ['demo load P95', 80],
    ['demo spike P50', 60],
    ['demo spike P95', 300],
  ]);
});

/** The record with all of its scenarios changed. */
function withScenarios(change: Partial<ScenarioResult>): RunRecord {
  const record = fullRecord();
  const variants = record.variants.map((variant) => ({
    ...variant,
    scenarios: variant.scenarios.map((scenario) => ({ ...scenario, ...change })),
  }));
  return { ...record, variants };
}

test('figures are chosen by whether the load was sound, not by its verdict', () => {
  const broken = [{ rule: 'nothing dropped by the generator', holds: false, seen: '7 dropped' }];
  expect(metricsOf(withScenarios({ verdict: 'inconclusive' }))).toEqual(metricsOf(fullRecord()));
  expect(metricsOf(withScenarios({ verdict: 'inconclusive', validity: broken }))).toEqual([]);
  // The broken rule is what the promise asks.
  expect(metricsOf(withScenarios({ verdict: 'deviates', validity: broken }))).not.toEqual([]);
  expect(metricsOf(withScenarios({ verdict: 'deviates', control: 'starved-gateway' }))).toEqual([]);
});

test('throughput is what was answered, and failures have a figure that is above 0 without any', () => {
  const second = { offered: 100, achieved: 100, dropped: 0, errors: 0 };
  const figures = (buckets: readonly LoadBucket[]): readonly number[] =>
    metricsOf(withScenarios({ warmup_s: 1, buckets }))
      .filter(({ name }) => /throughput$|failed$/.test(name))
      .map(({ value }) => value)
      .slice(0, 2);
  const warmUp = { ...second, at_s: 0, achieved: 50, errors: 50 };
  expect(figures([warmUp, { ...second, at_s: 1 }])).toEqual([100, 0.5 / 101]);
  const failing = { ...second, at_s: 1, achieved: 90, dropped: 10, errors: 20, endings: { reset: 20, limited: 5 } };
  expect(figures([warmUp, failing])).toEqual([65, 30.5 / 101]);
});

test('machines and versions that differ are named', () => {
  const record = fullRecord();
  expect(differences([record, record])).toEqual([]);
  const elsewhere = { ...record, run: { ...record.run, host: { ...record.run.host, cores: 64 } } };
  expect(differences([record, elsewhere])).toEqual([`cores: ${String(record.run.host.cores)}, 64`]);
  const short = { 'api-mix': { rate_perS: 400, warmup_s: 2, measured_s: 5 } };
  const loads = (changed: RunRecord['run']['loads']): RunRecord => ({
    ...record,
    run: { ...record.run, loads: changed ?? {} },
  });
  expect(differences([record, loads(short)])).toEqual([
    'load of api-mix: 400/s for 50 s after 10 s, 400/s for 5 s after 2 s',
  ]);
  // A run of other scenarios, or an old one, tells no other load.
  expect(differences([record, loads({}), loads({ other: short['api-mix'] })])).toEqual([]);
});
