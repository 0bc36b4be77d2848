import { expect, test } from 'vitest';
import { differences, metricsOf } from '../../../reports/record/metrics.ts';
import { fullRecord } from './fixtures.ts';

test('latency and throughput of scenarios whose load counts', () => {
  const record = fullRecord();
  const names = metricsOf(record).map(({ name, unit, better }) => `${name}, ${unit}, ${better}`);
  const [scenario] = record.variants.flatMap(({ scenarios }) => scenarios);
  expect(names).toContain(`hardened/${scenario?.name ?? ''} P95, ms, lower`);
  expect(names).toContain(`hardened/${scenario?.name ?? ''} throughput, requests/s, higher`);
  expect(metricsOf(record).every(({ value }) => value > 0)).toBe(true);
});

test('a scenario that could not tell has no figures', () => {
  const record = fullRecord();
  const variants = record.variants.map((variant) => ({
    ...variant,
    scenarios: variant.scenarios.map((scenario) => ({ ...scenario, verdict: 'inconclusive' as const })),
  }));
  expect(metricsOf({ ...record, variants })).toEqual([]);
});

test('machines and versions that differ are named', () => {
  const record = fullRecord();
  expect(differences([record, record])).toEqual([]);
  const elsewhere = { ...record, run: { ...record.run, host: { ...record.run.host, cores: 64 } } };
  expect(differences([record, elsewhere])).toEqual([`cores: ${String(record.run.host.cores)}, 64`]);
});
