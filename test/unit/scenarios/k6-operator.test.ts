import { parseAllDocuments } from 'yaml';
import { describe, expect, test } from 'vitest';
import { exportOperator } from '../../../cli/run/export.ts';
import type { Manifest } from '../../../scenarios/k6-operator.ts';

const TARGET = {
  baseUrl: 'https://gateway.example',
  parallelism: 8,
  image: 'grafana/k6:2.2.0',
  profile: 'smoke',
} as const;
/** What the API server takes for one ConfigMap. */
const CONFIG_MAP_MAX_BYTES = 1_048_576;

async function exported(more: { readonly remoteWrite?: string } = {}): Promise<Manifest[]> {
  const text = await exportOperator('production-gateway', 'api-latency', { ...TARGET, ...more });
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

describe('a scenario for the k6 operator', () => {
  test('is a ConfigMap, a TestRun that names it, and a ServiceMonitor', async () => {
    const [map, run, monitor] = await exported();
    expect([map?.kind, run?.kind, monitor?.kind]).toEqual(['ConfigMap', 'TestRun', 'ServiceMonitor']);
    expect(run?.apiVersion).toBe('k6.io/v1alpha1');
    expect(run?.['spec']).toMatchObject({
      parallelism: 8,
      script: { configMap: { name: map?.metadata.name, file: 'api-mix.ts' } },
      runner: { image: 'grafana/k6:2.2.0' },
    });
  });

  test('carries every file that its script imports, side by side', async () => {
    const [map] = await exported();
    const files = map?.['data'] as Record<string, string>;
    for (const text of Object.values(files))
      for (const [, name = ''] of text.matchAll(/from '\.\/([^']+)'/g)) expect(Object.keys(files)).toContain(name);
    expect(Object.keys(files).every((name) => /^[-._a-zA-Z0-9]+$/.test(name))).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(files))).toBeLessThan(CONFIG_MAP_MAX_BYTES);
  });

  test('has the rate of the scenario and its promises as thresholds', async () => {
    const [map] = await exported();
    const plan = JSON.parse((map?.['data'] as Record<string, string>)['plan.json'] ?? '{}') as Record<string, unknown>;
    expect(plan).toMatchObject({
      baseUrl: 'https://gateway.example',
      hosts: {},
      steps: [{ name: 'warm-up' }, { name: 'measured', rate_perS: 60, duration_s: 65 }],
      thresholds: {
        'gateproof_corrected{scenario:measured}': ['p(50)<200', 'p(90)<500', 'p(95)<800', 'p(99)<1500', 'p(99.9)<3000'],
        'dropped_iterations{scenario:measured}': ['count<1'],
      },
    });
  });

  test('sends native histograms to Prometheus when asked', async () => {
    const [, plain] = await exported();
    expect(JSON.stringify(plain)).not.toContain('prometheus');
    const [, run] = await exported({ remoteWrite: 'http://prometheus:9090/api/v1/write' });
    expect(run?.['spec']).toMatchObject({
      arguments: '--no-usage-report --out experimental-prometheus-rw',
      runner: {
        env: [
          { name: 'K6_PROMETHEUS_RW_SERVER_URL', value: 'http://prometheus:9090/api/v1/write' },
          { name: 'K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM', value: 'true' },
        ],
      },
    });
  });

  test('is refused where k6 does not run the scenario, or it asks backends directly', async () => {
    await expect(exportOperator('production-gateway', 'static-throughput', TARGET)).rejects.toThrow('not run by k6');
    await expect(exportOperator('production-gateway', 'gateway-overhead', TARGET)).rejects.toThrow('backends');
  });
});
