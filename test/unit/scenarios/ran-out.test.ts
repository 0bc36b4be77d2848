import { describe, expect, test } from 'vitest';
import { ClusteredHistogram } from '../../../measurement/clustered-histogram.ts';
import type { CapacityStep, CoreUse, Curve, ScenarioResult } from '../../../reports/record/types.ts';
import { parseObjective } from '../../../scenarios/capacity/objective.ts';
import { ranOut } from '../../../scenarios/capacity/ran-out.ts';
import { findCapacity } from '../../../scenarios/capacity/run.ts';
import declared from '../../../scenarios/definitions/production-gateway/api-latency.ts';
import type { EngineRun, GeneratorHost, LoadMeasurement } from '../../../scenarios/engines/engine.ts';

const host = {} as GeneratorHost;
const BREAKS_FROM_PER_S = 300;
const flat = (value: number): Curve => Array.from({ length: 40 }, (_, at): [number, number] => [at, value]);

/** A load that is answered in 20 ms below the rate at which it breaks, and in 5 s from there on, some of it not at all. */
function measurement({ plan }: EngineRun): LoadMeasurement {
  const { rate_perS, duration_s } = plan.steps[1] ?? { rate_perS: 0, duration_s: 0 };
  const offered = rate_perS * duration_s;
  const broken = rate_perS >= BREAKS_FROM_PER_S;
  const corrected = new ClusteredHistogram();
  corrected.record(broken ? 5_000 : 20, offered);
  const failed = broken ? offered / 10 : 0;
  const all = {
    ...{ offered, achieved: offered, dropped: 0, users: 100, seconds: new Map(), corrected, actual: corrected },
    outcomes: { answered: offered - failed, refused: 0, failed },
  };
  return {
    ...all,
    engine: 'k6',
    kinds: broken ? [{ outcome: 'failed', kind: 'status 503', requests: failed }] : [],
    stages: [{ ...all, waits: corrected, name: 'measured', start_s: 1, duration_s }],
    ...{
      backend: corrected,
      overhead: corrected,
      connect: corrected,
      buckets: [],
      begun_ms: 0,
      lost: 0,
      failure: null,
    },
    generatorCpu: { share: 0.5, throttled_ms: 0, othersShare: 0.05 },
  };
}

/** A search on a machine with a core for each side, both as busy as given from the breaking rate on. */
function search(busy: { readonly system: number; readonly generator: number } | null) {
  let rate_perS = 0;
  const watched = (): Pick<ScenarioResult, 'resources' | 'cores'> => {
    const cpu = (container: string, role: 'sut' | 'instrument', cores: number) => ({
      ...{ container, role, cpu_cores: flat(cores), memory_mib: [] },
    });
    const broken = rate_perS >= BREAKS_FROM_PER_S;
    const resources = [
      ...[cpu('gateway-1', 'sut', 0.2), cpu('customer-1', 'sut', 0.32), cpu('redis', 'sut', 0.1)],
      cpu('generator', 'instrument', 0.5),
    ];
    if (busy === null) return { resources };
    const cores = (['system', 'generator'] as const).map((side, core) => ({
      ...{ side, cores: [core], busy_cores: flat(broken ? busy[side] : 0.3), interrupts_cores: flat(0.21) },
    }));
    return { resources, cores };
  };
  const engine = { name: 'k6', run: async (_: GeneratorHost, run: EngineRun) => measurement(run) };
  return findCapacity(
    'api',
    { ...declared, engine },
    {
      host,
      gateway: { address: '198.18.0.10', serverName: 'api.example' },
      backends: [],
      clientBlock: '198.18.16.0/20',
      sutCores: 1,
      objective: parseObjective('p95=800ms'),
      search: { start_perS: 100, growth: 2, width: 1.3, steps_max: 12, confirmations: 1 },
      step: { warmup_s: 1, measured_s: 10 },
      addresses: 10_000,
      addresses_min: 1,
      gatewayName: 'gateway-1',
      applications: ['customer-1'],
      reproduce: '',
      onStep: (rate) => {
        rate_perS = rate;
      },
      sample: () => ({ stop: async () => watched() }),
    },
  );
}

describe('what ran out', () => {
  test('is the processor of the system when its core was full, though its containers used little of it', async () => {
    const { ranOut: what, steps, upper_perS } = await search({ system: 0.99, generator: 0.8 });
    expect(what).toMatch(/^processor time of the system: at \d+\/s its cores were busy 0\.99 of 1 core/);
    expect(what).toContain('(0.37 of that in no watched container, 0.21 in interrupts)');
    expect(what).toContain('most by customer-1 (0.32); the gateway used 0.2 and the applications 0.32');
    expect(what).toContain("the generator's were busy 0.8 of 1 core");
    expect(steps.find(({ rate_perS }) => rate_perS === upper_perS)?.cores?.system).toMatchObject({
      busy: 0.99,
      containers: 0.62,
    });
  });

  test('is the processor, nearly, when work has to wait long for it', async () => {
    const { ranOut: what } = await search({ system: 0.92, generator: 0.7 });
    expect(what).toMatch(/^processor time of the system, nearly: at \d+\/s its cores were busy 0\.92 of 1 core/);
    expect(what).toContain('work waits some 12 times its own duration for one');
    expect(what).toMatch(/; 10 % failed \(status 503 \d+\), P95 5\d{3}(\.\d)? ms$/);
  });

  test('is no processor when both sides had time left: then it says how requests failed', async () => {
    const { ranOut: what } = await search({ system: 0.7, generator: 0.8 });
    expect(what).toMatch(/^no processor: at \d+\/s the cores of the system were busy 0\.7 of 1 core/);
    expect(what).toMatch(/; 10 % failed \(status 503 \d+\), P95 5\d{3}(\.\d)? ms$/);
  });

  test('is the processor of the generator when that alone was full, and no upper end is told then', async () => {
    const { ranOut: what, upper_perS, ended, steps } = await search({ system: 0.7, generator: 0.98 });
    expect(upper_perS).toBeNull();
    expect(ended).toBe('generator at its end');
    expect(steps.filter(({ rate_perS }) => rate_perS >= BREAKS_FROM_PER_S).map(({ verdict }) => verdict)).not.toContain(
      'breaks',
    );
    expect(what).toMatch(/^processor time of the generator: .*busy 0\.98 of 1 core/);
    expect(what).toMatch(/; at \d+\/s the cores of the system were busy 0\.7 of 1 core/);
  });

  test('is that of the system when both were full: it had nothing left to give, whatever the generator did', async () => {
    const { ranOut: what, upper_perS } = await search({ system: 0.99, generator: 0.98 });
    expect(upper_perS).not.toBeNull();
    expect(what).toMatch(/^processor time of the system: /);
    expect(what).toContain("the generator's were used up too, busy 0.98");
  });

  test('is unknown when nobody could read the cores and the containers left time', async () => {
    const { ranOut: what, steps } = await search(null);
    expect(what).toMatch(/^unknown, since nobody could read the cores: .*10 % failed \(status 503/);
    expect(steps.at(-1)?.cores?.generator).toBeUndefined();
  });

  test('tells the most frequent failures by name, and those never sent among them', () => {
    const system: CoreUse = { cores: 1, busy: 0.5, containers: 0.4, interrupts: 0.1, stolen: 0 };
    const step: CapacityStep = {
      phase: 'growth',
      verdict: 'breaks',
      ...{ rate_perS: 400, achieved_perS: 300, p50_ms: 1, p95_ms: 2, p99_ms: 3 },
      ...{ errorShare: 0.25, cpu_cores: {}, cores: { system } },
      failures: { 'time-out': 5, 'connection reset': 1, 'never sent': 90, 'status 502': 2 },
    };
    const found = { lower_perS: 200, upper_perS: 400, ended: 'narrow enough' } as const;
    const what = ranOut([step], found, { gatewayName: 'gateway-1', applications: [], tested: new Set() });
    expect(what).toContain('25 % failed (never sent 90, time-out 5, status 502 2, and others)');
  });
});
