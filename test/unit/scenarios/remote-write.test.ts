import { describe, expect, test } from 'vitest';
import type { NativeHistogram, PrometheusSeries } from '../../../environments/harness/prometheus.ts';
import type { GeneratorHost } from '../../../scenarios/engines/engine.ts';
import { k6 } from '../../../scenarios/engines/k6.ts';
import { compareWithPrometheus } from '../../../scenarios/remote-write.ts';

/** A hundred requests, the 96th in the second bucket: 10–20 ms holds P95 only in part. */
function histogram(low: number): NativeHistogram {
  return {
    count: '100',
    sum: '1.6',
    buckets: [
      [0, '0.01', '0.02', String(low)],
      [0, '0.02', '0.022', String(100 - low)],
    ],
  };
}

function arrived(of: NativeHistogram, p95_s: number, generator = '0') {
  const metric = { generator };
  const told: PrometheusSeries = { metric, value: [0, String(p95_s)] };
  return { histograms: [{ metric, histogram: [0, of] as const }], p95: [told] };
}

describe('what Prometheus got', () => {
  test('agrees: every request, and P95 in the bucket of k6', () => {
    const seen = compareWithPrometheus(0, { count: 100, p95_ms: 15 }, arrived(histogram(98), 0.0197));
    expect(seen.state).toBe('agrees');
    expect(seen.text).toContain('all 100 requests of k6; P95 19.70 ms there and 15.00 ms in k6');
    expect(seen.text).toContain('10.00 to 20.00 ms (a bucket is 9 % wide)');
  });

  test('k6 interpolates between two samples, which may lie in two buckets', () => {
    const between = (p95_ms: number) => compareWithPrometheus(0, { count: 100, p95_ms }, arrived(histogram(95), 0.02));
    expect(between(21.9).state).toBe('agrees');
    expect(between(22.1).state).toBe('differs');
  });

  test('differs: a request is missing', () => {
    const seen = compareWithPrometheus(0, { count: 101, p95_ms: 15 }, arrived(histogram(98), 0.0197));
    expect(seen).toEqual({
      state: 'differs',
      text: 'generator 1: Prometheus has 100 of the 101 requests that k6 counted',
    });
  });

  test('differs: P95 of either lies in another bucket', () => {
    expect(compareWithPrometheus(0, { count: 100, p95_ms: 21 }, arrived(histogram(98), 0.0197)).state).toBe('differs');
    expect(compareWithPrometheus(0, { count: 100, p95_ms: 15 }, arrived(histogram(98), 0.021)).state).toBe('differs');
  });

  test('differs: nothing came of this generator, whatever came of another', () => {
    const other = arrived(histogram(98), 0.0197, '1');
    expect(compareWithPrometheus(0, { count: 100, p95_ms: 15 }, other)).toMatchObject({
      state: 'differs',
      text: expect.stringContaining('nothing') as string,
    });
    expect(compareWithPrometheus(1, { count: 100, p95_ms: 15 }, other).state).toBe('agrees');
  });

  test('nobody can tell when k6 left no summary', () => {
    expect(compareWithPrometheus(0, null, arrived(histogram(98), 0.0197)).state).toBe('unknown');
  });
});

/** Command lines that k6 is started with on so many generators. */
async function commands(generators: number, remoteWrite?: string): Promise<(readonly string[])[]> {
  const started: (readonly string[])[] = [];
  const host: GeneratorHost = {
    exec: async (argv) => {
      if (argv.includes('k6')) started.push(argv);
      return { exitCode: 0, stdout: '', stderr: '' };
    },
    putFiles: async () => undefined,
    cpu: async () => ({ at_ms: 0, used_ms: 0, throttled_ms: 0, cores: 1, machine: { all_ms: 0, others_ms: 0 } }),
  };
  const steps = [{ name: 'measured', rate_perS: 4, start_s: 0, duration_s: 1, drain_s: 0 }];
  const plan = { baseUrl: '', hosts: {}, steps, routes: [], headers: {}, backends: [], virtualUsers: 1, timeout_s: 1 };
  await k6('api-mix.ts').run(host, {
    plan,
    measured: ['measured'],
    clientBlock: '198.18.64.0/24',
    besides: Array.from({ length: generators - 1 }, () => ({ host, clientBlock: '198.18.65.0/24' })),
    ...(remoteWrite === undefined ? {} : { remoteWrite }),
  });
  return started;
}

describe('what k6 is told', () => {
  test('to write native histograms, each generator under a label of its own, beside our output', async () => {
    const [first = [], second = []] = await commands(2, 'http://198.18.128.9:9090/api/v1/write');
    expect(first.slice(0, 4)).toEqual([
      'env',
      'K6_PROMETHEUS_RW_SERVER_URL=http://198.18.128.9:9090/api/v1/write',
      'K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM=true',
      'k6',
    ]);
    expect(first.filter((_, index) => first[index - 1] === '--out')).toEqual([
      'gateproof=measured:2',
      'experimental-prometheus-rw',
    ]);
    expect([first, second].map((argv) => argv[argv.indexOf('--tag') + 1])).toEqual(['generator=0', 'generator=1']);
  });

  test('nothing of it when nobody asked', async () => {
    const [argv = []] = await commands(1);
    expect(argv.join(' ')).not.toMatch(/prometheus|PROMETHEUS|--tag/);
  });
});
