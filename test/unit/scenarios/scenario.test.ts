import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { ClusteredHistogram } from '../../../measurement/clustered-histogram.ts';
import { LatencyHistogram } from '../../../measurement/histogram.ts';
import apiLatency from '../../../scenarios/definitions/production-gateway/api-latency.ts';
import overheadOfGateway from '../../../scenarios/definitions/production-gateway/gateway-overhead.ts';
import { h2load } from '../../../scenarios/engines/driven.ts';
import type { GeneratorHost, LoadMeasurement, StageMeasurement } from '../../../scenarios/engines/engine.ts';
import { cpuShare } from '../../../scenarios/engines/cpu-meter.ts';
import { REFUSED_RULE, validityRules } from '../../../scenarios/engines/validity.ts';
import type { FigurePromise } from '../../../scenarios/figures.ts';
import { decidable, runScenario } from '../../../scenarios/run.ts';
import type { ScenarioOptions } from '../../../scenarios/run.ts';
import { scenario, usersFor } from '../../../scenarios/scenario.ts';

/** With its percentiles alone. */
const declared = { ...apiLatency, figures: [] };
const shape = { rate_perS: 60, warmup_s: 4, measured_s: 20 };

/** Latencies of requests that were due in the 20 seconds of the load, the same in each. */
function evenly(latencies_ms: readonly number[]): ClusteredHistogram {
  const all = new ClusteredHistogram();
  for (let second = 4; second < 24; second += 1) {
    const one = new LatencyHistogram();
    for (let index = second - 4; index < latencies_ms.length; index += 20) one.record(latencies_ms[index] ?? 0);
    all.addOf(second, one);
  }
  return all;
}

const secondsOf = (dropped: number) =>
  new Map(
    Array.from({ length: 20 }, (_, n) => [4 + n, { answered: 60, refused: 0, failed: 0, dropped: dropped / 20 }]),
  );

/** 1,200 answered requests of 1–1,200 fifths of a millisecond each, times a factor. */
function measurement(
  factor: number,
  { waits, ...rest }: Partial<LoadMeasurement & Pick<StageMeasurement, 'waits'>> = {},
): LoadMeasurement {
  const corrected = evenly(Array.from({ length: 1_200 }, (_, index) => ((index + 1) / 5) * factor));
  const all = {
    offered: 1_200,
    achieved: 1_200,
    dropped: 0,
    users: 120,
    outcomes: { answered: 1_200, refused: 0, failed: 0 },
    seconds: secondsOf(rest.dropped ?? 0),
    corrected,
    actual: corrected,
    ...rest,
  };
  return {
    ...all,
    engine: 'k6',
    kinds: [{ outcome: 'answered', kind: 'upstream', requests: 1_200 }],
    stages: [{ ...all, waits: waits ?? corrected, name: 'measured', start_s: 4, duration_s: 20 }],
    backend: corrected,
    overhead: corrected,
    connect: corrected,
    buckets: [],
    begun_ms: null,
    generatorCpu: { share: 0.2, throttled_ms: 0, othersShare: 0.01 },
    lost: 0,
    failure: null,
    ...rest,
  };
}

const host: GeneratorHost = {
  exec: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
  putFiles: async () => undefined,
  cpu: async () => ({ at_ms: 0, used_ms: 0, throttled_ms: 0, cores: 1, machine: { all_ms: 0, others_ms: 0 } }),
};

function run(measured: LoadMeasurement, rest: Partial<ScenarioOptions> = {}) {
  const withEngine = scenario({ ...declared, engine: { name: 'k6', run: async () => measured } });
  return runScenario('api-latency', withEngine, { ...optionsFor(), ...rest });
}

function optionsFor(): ScenarioOptions {
  return {
    host,
    gateway: { address: '198.18.0.10', serverName: 'api.example' },
    clientBlock: '198.18.16.0/20',
    backends: [],
    sutCores: 1,
    reproduce: '',
    shape,
  };
}

describe('verdicts', () => {
  test('conforms when every interval ends below its limit', async () => {
    const result = await run(measurement(1));
    expect(result.verdict).toBe('conforms');
    // The 99.9th needs 3,688 samples.
    expect(result.promises.map((promise) => promise.percentile)).toEqual([50, 50, 90, 95, 95, 99]);
    expect(result.verifies).not.toContain('production-gateway.latency.sla-p99_9');
  });

  test('deviates when one begins above it', async () => {
    const result = await run(measurement(2));
    expect(result.verdict).toBe('deviates');
    expect(result.promises[0]).toMatchObject({ percentile: 50, verdict: 'deviates' });
    expect(result.promises.at(-1)).toMatchObject({ percentile: 99, verdict: 'conforms' });
  });

  test('a machine that others take time from hides no promise that was kept, and proves none broken', async () => {
    const generatorCpu = { share: 0.2, throttled_ms: 0, othersShare: 0.2 };
    expect((await run(measurement(1, { generatorCpu }))).verdict).toBe('conforms');
    const slow = await run(measurement(2, { generatorCpu }));
    expect(slow.promises[0]?.verdict).toBe('inconclusive');
    expect(slow.reason).toContain("others took 20 % of the machine's time");
    // At factor 2 the median is too slow, and P99 is not.
    expect(slow.promises.map(({ reason }) => reason !== undefined)).toEqual([true, true, false, false, false, false]);
  });

  test('neither does a generator without time left on its cores', async () => {
    const busy_cores = Array.from({ length: 25 }, (_, at): [number, number] => [at, 0.98]);
    const cores = [{ side: 'generator', cores: [1], busy_cores, interrupts_cores: [] }] as const;
    const sample = () => ({ stop: async () => ({ resources: [], cores }) });
    const slow = await run(measurement(2), { sample });
    expect(slow.promises[0]?.verdict).toBe('inconclusive');
    expect(slow.reason).toContain("the generator's cores were used up, busy 0.98 of 1 core");
    expect(slow.cores).toEqual(cores);
    expect((await run(measurement(1), { sample })).verdict).toBe('conforms');
  });

  test('inconclusive when the interval holds the limit', async () => {
    const result = await run(measurement(200 / 120));
    expect(result.promises[0]?.verdict).toBe('inconclusive');
  });

  test.each([
    ['too little achieved', { achieved: 1_150 }, 'achieved at least 99 %'],
    [
      'a generator without CPU',
      { generatorCpu: { share: 0.9, throttled_ms: 0, othersShare: 0 } },
      'generator below 85 %',
    ],
    [
      'a throttled generator',
      { generatorCpu: { share: 0.2, throttled_ms: 900, othersShare: 0 } },
      'generator not throttled',
    ],
    ['an event loop that came late', { loopDelay_ms: 60 }, 'event loop of the generator'],
    [
      'a network that loses segments',
      { generatorCpu: { share: 0.2, throttled_ms: 0, othersShare: 0, resentShare: 0.032 } },
      'segments sent again: 3.20 %',
    ],
    ['too few samples', { outcomes: { answered: 300, refused: 0, failed: 0 } }, 'samples enough'],
    ['refusals', { outcomes: { answered: 1_190, refused: 10, failed: 0 } }, 'no refusals'],
    ['lost samples', { lost: 3 }, 'every sample'],
    ['a broken generator', { failure: 'k6 ended with 107' }, 'k6 ended with 107'],
  ])('never judges with %s', async (_, rest, reason) => {
    for (const factor of [1, 5]) {
      const result = await run(measurement(factor, rest));
      expect(result.verdict).toBe('inconclusive');
      expect(result.reason).toContain(reason);
    }
  });
});

test('a result says when its latencies count from the send', async () => {
  expect((await run(measurement(1))).latencyFrom).toBeUndefined();
  const engine = { ...h2load, run: async () => measurement(1) };
  const sent = await runScenario('static', scenario({ ...declared, engine }), optionsFor());
  expect(sent.latencyFrom).toBe('send');
  const pairs = scenario({ ...declared, measures: 'overhead', engine: { name: 'k6', run: engine.run } });
  expect((await runScenario('overhead', pairs, optionsFor())).latencyFrom).toBe('send');
});

describe('requests that found no free user', () => {
  // 120 users at 60 requests a second wait 2 s on average; here everybody waited for 3 s.
  const waiting = new ClusteredHistogram();
  waiting.record(3_000, 900);
  const held = { achieved: 900, dropped: 300, waits: waiting };

  test('count as failed when the gateway kept all users waiting', async () => {
    const result = await run(measurement(1, held));
    expect(result.verdict).toBe('deviates');
    expect(result.observed).toContain('300 failed');
    expect(result.kinds?.at(-1)).toEqual({ outcome: 'failed', kind: 'never sent', requests: 300 });
    expect(result.promises.at(-1)).toMatchObject({ percentile: 99, verdict: 'deviates' });
  });

  test('say nothing when answers came fast, or when the generator had no time itself', async () => {
    for (const rest of [
      { ...held, waits: measurement(1).actual },
      { ...held, generatorCpu: { share: 0.95, throttled_ms: 0, othersShare: 0 } },
      { ...held, generatorCpu: { share: 0.2, throttled_ms: 5_000, othersShare: 0 } },
    ])
      expect((await run(measurement(1, rest))).verdict).toBe('inconclusive');
    const fast = await run(measurement(1, { dropped: 1 }));
    expect(fast.reason).toBe('nothing dropped by the generator: 1 dropped');
  });
});

test('a sound run breaks no rule', () => {
  const generatorCpu = { share: 0.2, throttled_ms: 0, othersShare: 0.01, resentShare: 0.009 };
  for (const rest of [{}, { generatorCpu, loopDelay_ms: 40 }])
    expect(validityRules(measurement(1, rest), [99], 20).filter((rule) => !rule.holds)).toEqual([]);
});

test('CPU share counts against what the generator may use', () => {
  const first = { at_ms: 0, used_ms: 100, throttled_ms: 5, cores: 0.5, machine: { all_ms: 0, others_ms: 10 } };
  const machine = { all_ms: 2_000, others_ms: 110 };
  expect(cpuShare(first, { ...first, at_ms: 1_000, used_ms: 500, throttled_ms: 8, machine })).toEqual({
    share: 0.8,
    throttled_ms: 3,
    othersShare: 0.05,
  });
});

test('a scenario of overhead is judged by what the gateway adds, not by latency', async () => {
  const overhead = evenly(Array.from({ length: 1_200 }, (_, index) => (index + 1) / 100));
  const measured = measurement(5, { overhead });
  const withEngine = scenario({
    ...overheadOfGateway,
    engine: { name: 'k6', run: async () => measured },
  });
  const result = await runScenario('gateway-overhead', withEngine, optionsFor());
  expect(result.verdict).toBe('conforms');
  expect(result.measures).toBe('overhead');
  expect(result.promises.map(({ measured_ms }) => measured_ms)).toEqual([6, 11.4]);
  expect(result.actual).toEqual([]);
});

test('refusals that a figure asks for are no reason of what was kept', async () => {
  const accepted: FigurePromise = {
    claim: 'demo',
    what: 'accepted',
    unit: 'requests',
    better: 'lower',
    limit: 1_000,
    of: ({ measured: { outcomes } }) => ({
      value: outcomes.answered,
      interval: { lower: outcomes.answered, upper: outcomes.answered },
      excuse: null,
    }),
  };
  const engine = {
    name: 'k6',
    run: async () => measurement(1, { outcomes: { answered: 900, refused: 300, failed: 0 } }),
  };
  const declaredSo = scenario({ ...declared, promises: [], figures: [accepted], engine });
  const result = await runScenario('limited', declaredSo, optionsFor());
  expect(result.validity.filter(({ holds }) => !holds).map(({ rule }) => rule)).toEqual([REFUSED_RULE]);
  expect(result).toMatchObject({ verdict: 'conforms' });
  expect(result.reason).toBeUndefined();
});

test('of many figures the headline counts those that are as promised and tells the others', async () => {
  const figure = (what: string, value: number): FigurePromise => ({
    claim: 'demo',
    what,
    unit: 'ms',
    better: 'lower',
    limit: 10,
    of: () => ({ value, interval: { lower: value, upper: value }, excuse: null }),
  });
  const observed = async (...figures: FigurePromise[]): Promise<string> => {
    const engine = { name: 'k6', run: async () => measurement(5) };
    const declaredSo = scenario({ ...declared, promises: [], figures, engine });
    return (await runScenario('many', declaredSo, optionsFor())).observed;
  };
  const [a, b, c, d] = [figure('A', 1), figure('B', 2), figure('C', 30), figure('D', 4)] as const;
  expect(await observed(a, c)).toMatch(/^A 1 ms \(promised 10\), C 30 ms \(promised 10\);/);
  expect(await observed(a, b, c, d)).toMatch(/^3 of 4 figures as promised, C 30 ms \(promised 10\);/);
});

describe('declarations', () => {
  test('promises are the values of the ledger', () => {
    const text = readFileSync(new URL('../../../environments/production-gateway/claims.yaml', import.meta.url), 'utf8');
    const ledger = parse(text) as { claims: { id: string; value: Record<string, string | number> }[] };
    const claims = new Map(ledger.claims.map((claim) => [claim.id, claim.value]));
    for (const { claim, percentile, limit_ms } of declared.promises) {
      const value = claims.get(claim);
      expect(value?.['limit_ms'] ?? value?.[`p${percentile}_ms`]).toBe(limit_ms);
      if (value?.['percentile'] !== undefined) expect(value['percentile']).toBe(`P${percentile}`);
    }
  });

  test('only percentiles that the samples can bound are decided', () => {
    expect(
      decidable(apiLatency, { rate_perS: 10, warmup_s: 0, measured_s: 10 }).promises.map((one) => one.percentile),
    ).toEqual([50, 50, 90, 95, 95]);
    const { promises, figures } = decidable(apiLatency, apiLatency.shapes.nightly);
    expect(promises).toEqual(apiLatency.promises);
    expect(figures).toEqual(apiLatency.figures);
    expect(decidable(apiLatency, apiLatency.inSmokeVerify ?? shape).figures).toEqual([]);
  });

  test('addresses stay below the documented limit', () => {
    expect(usersFor(declared, shape, [])).toBe(120);
    const longest = { claim: 'any', percentile: 99.9, limit_ms: 3_000 };
    expect(usersFor(declared, shape, [longest])).toBe(180);
  });

  test('nothing promised is refused', () => {
    expect(() => scenario({ ...declared, promises: [] })).toThrow(RangeError);
    expect(() => scenario({ ...declared, routes: [] })).toThrow(RangeError);
  });
});
