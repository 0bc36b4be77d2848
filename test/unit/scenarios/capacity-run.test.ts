import { describe, expect, test } from 'vitest';
import { ClusteredHistogram } from '../../../measurement/clustered-histogram.ts';
import { samplesForUpperBound } from '../../../measurement/statistics.ts';
import type { CapacityResult } from '../../../reports/record/types.ts';
import { parseObjective } from '../../../scenarios/capacity/objective.ts';
import { findCapacity } from '../../../scenarios/capacity/run.ts';
import type { CapacityOptions } from '../../../scenarios/capacity/run.ts';
import declared from '../../../scenarios/definitions/production-gateway/api-latency.ts';
import type { EngineRun, GeneratorHost, LoadEngine, LoadMeasurement } from '../../../scenarios/engines/engine.ts';

/** A system that answers in 20 ms up to a rate, and in 5 s above it. */
function carries(most_perS: number, { plan }: EngineRun): LoadMeasurement {
  const { rate_perS, duration_s } = plan.steps[1] ?? { rate_perS: 0, duration_s: 0 };
  const offered = rate_perS * duration_s;
  const corrected = new ClusteredHistogram();
  corrected.record(rate_perS > most_perS ? 5_000 : 20, offered);
  const all = {
    ...{ offered, achieved: offered, dropped: 0, users: 100, seconds: new Map(), corrected, actual: corrected },
    outcomes: { answered: offered, refused: 0, failed: 0 },
  };
  return {
    ...all,
    ...{ engine: 'k6', kinds: [], buckets: [], begun_ms: 0, lost: 0, failure: null },
    ...{ backend: corrected, overhead: corrected, connect: corrected },
    stages: [{ ...all, waits: corrected, name: 'measured', start_s: 1, duration_s }],
    generatorCpu: { share: 0.5, throttled_ms: 0, othersShare: 0.05 },
  };
}

const OPTIONS: CapacityOptions = {
  host: {} as GeneratorHost,
  gateway: { address: '198.18.0.10', serverName: 'api.example' },
  backends: [],
  clientBlock: '198.18.16.0/20',
  sutCores: 1,
  objective: parseObjective('p95=800ms'),
  search: { start_perS: 50, growth: 2, width: 1.125, steps_max: 20, confirmations: 2 },
  step: { warmup_s: 5, measured_s: 15 },
  addresses: 4_094,
  addresses_min: 1,
  gatewayName: 'gateway-1',
  applications: [],
  reproduce: '',
};

const searched = (run: LoadEngine['run'], changed: Partial<CapacityOptions> = {}): Promise<CapacityResult> =>
  findCapacity('api', { ...declared, engine: { name: 'k6', run } }, { ...OPTIONS, ...changed });

describe('an objective that needs many samples', () => {
  test.each(['p99=300ms,errors=0.1%', 'p99.9=300ms', 'p99.99=300ms', 'p99.999=300ms'])(
    '%s: every step has samples enough to hold',
    async (written) => {
      const objective = parseObjective(written);
      const offered: number[] = [];
      const { lower_perS, upper_perS, steps } = await searched(
        async (_, run) => {
          const measured = carries(1_000, run);
          offered.push(measured.offered);
          return Promise.resolve(measured);
        },
        { objective, addresses: 200_000 },
      );
      const { percentile } = objective.latencies[0] ?? { percentile: 0 };
      const needed = Math.max(samplesForUpperBound(percentile / 100), samplesForUpperBound(1 - objective.errors));
      expect(Math.min(...offered)).toBeGreaterThanOrEqual(needed);
      expect(steps.map(({ verdict }) => verdict)).not.toContain('unclear');
      if (percentile < 99.99) expect(lower_perS).toBeGreaterThan(850);
      expect(lower_perS === null ? 0 : lower_perS).toBeLessThanOrEqual(1_000);
      expect(upper_perS).toBeGreaterThan(1_000);
    },
  );

  test('breaks at the lowest rate that has them: nothing is tried below, and that is said', async () => {
    const { lower_perS, upper_perS, ended, steps } = await searched(
      async (_, run) => Promise.resolve(carries(60, run)),
      { objective: parseObjective('p99=300ms,errors=0.1%') },
    );
    expect({ lower_perS, upper_perS, ended }).toEqual({
      lower_perS: null,
      upper_perS: 80,
      ended: 'lowest rate breaks',
    });
    expect(steps.map(({ rate_perS, verdict }) => [rate_perS, verdict])).toEqual([
      [80, 'breaks'],
      [80, 'breaks'],
    ]);
  });

  test('gets longer steps where the addresses allow no rate that has them in time', async () => {
    const durations: number[] = [];
    const { lower_perS, ended } = await searched(
      async (_, run) => {
        durations.push(run.plan.steps[1]?.duration_s ?? 0);
        return Promise.resolve(carries(1_000, run));
      },
      { objective: parseObjective('p99.9=300ms'), addresses: 60 },
    );
    const rate_max = declared.perAddress_perMin;
    expect([lower_perS, ended]).toEqual([rate_max, 'highest rate holds']);
    expect(Math.min(...durations)).toBeGreaterThanOrEqual(samplesForUpperBound(0.999) / rate_max);
  });
});

describe('a search that does not reach its end', () => {
  test('is interrupted: the steps that were done remain, the one that was cut short does not', async () => {
    const stopping = new AbortController();
    const told: CapacityResult[] = [];
    const found = await searched(
      async (_, run) => {
        const measured = carries(1_000, run);
        if (run.plan.steps[1]?.rate_perS === 200) stopping.abort();
        return Promise.resolve(stopping.signal.aborted ? { ...measured, failure: 'exit code 137' } : measured);
      },
      { signal: stopping.signal, onResult: (result) => told.push(result) },
    );
    expect(found).toMatchObject({ lower_perS: 100, upper_perS: null, ended: 'interrupted' });
    expect(found.steps.map(({ rate_perS }) => rate_perS)).toEqual([50, 100]);
    expect(told).toEqual([found]);
  });

  test('fails: what was found is told before it throws, and nothing watches any longer', async () => {
    const told: CapacityResult[] = [];
    let watching = 0;
    const sample: CapacityOptions['sample'] = () => {
      watching += 1;
      return {
        stop: async () => {
          watching -= 1;
          return Promise.resolve({ resources: [] });
        },
      };
    };
    const found = searched(
      async (_, run) =>
        run.plan.steps[1]?.rate_perS === 200 ? Promise.reject(new Error('no generator')) : carries(1_000, run),
      { sample, onResult: (result) => told.push(result) },
    );
    await expect(found).rejects.toThrow('no generator');
    expect(told).toMatchObject([{ lower_perS: 100, upper_perS: null, ended: 'interrupted' }]);
    expect(watching).toBe(0);
  });
});
