import { describe, expect, test } from 'vitest';

import { thinned } from '../../../cli/run/curves.ts';
import { ClusteredHistogram } from '../../../measurement/clustered-histogram.ts';
import { LatencyHistogram } from '../../../measurement/histogram.ts';
import type { Curve } from '../../../reports/record/types.ts';
import declared from '../../../scenarios/definitions/production-gateway/go-live.ts';
import type { LoadMeasurement, StageMeasurement } from '../../../scenarios/engines/engine.ts';
import type { SecondOutcomes } from '../../../scenarios/engines/seconds.ts';
import { heldUp, validityRules } from '../../../scenarios/engines/validity.ts';
import { judgeFigure } from '../../../scenarios/figures.ts';
import type { LoadSeen } from '../../../scenarios/figures.ts';
import { loadPlan } from '../../../scenarios/run.ts';
import { answeredIn, growthIn, latencyIn, stageRows } from '../../../scenarios/stages.ts';

const shape = { rate_perS: 40, warmup_s: 10, measured_s: 200 };

/** A stage of ten seconds at 100 requests a second, each of so many ms. */
function stage(
  name: string,
  start_s: number,
  latency_ms: number,
  rest: Partial<StageMeasurement> = {},
): StageMeasurement {
  const { achieved = 1_000, dropped = 0, outcomes = { answered: achieved, refused: 0, failed: 0 } } = rest;
  const corrected = new ClusteredHistogram();
  const seconds = new Map<number, SecondOutcomes>();
  for (let second = start_s; second < start_s + 10; second += 1) {
    const one = new LatencyHistogram();
    one.record(latency_ms, achieved / 10);
    corrected.addOf(second, one);
    const { answered, refused, failed } = outcomes;
    seconds.set(second, { answered: answered / 10, refused: refused / 10, failed: failed / 10, dropped: dropped / 10 });
  }
  return {
    ...{ name, start_s, duration_s: 10, offered: 1_000, achieved, dropped, users: 200 },
    ...{ outcomes, corrected, waits: corrected, seconds },
    ...rest,
  };
}

/** A spike and what follows it, while the system used so many of its two cores. */
function seen(stages: readonly StageMeasurement[], cores = 1): LoadSeen {
  const share = { share: 0.2, throttled_ms: 0, othersShare: 0 };
  const each = Array.from({ length: 30 }, (_, n): [number, number] => [n, cores / 2]);
  const container = (name: string, role: 'sut' | 'instrument') => ({
    container: name,
    role,
    cpu_cores: each,
    memory_mib: [],
  });
  return {
    shape,
    sutCores: 2,
    measured: { stages, generatorCpu: share, dropped: 0, outcomes: {} } as unknown as LoadMeasurement,
    resources: [container('gateway-1', 'sut'), container('customer-1', 'sut'), container('generator', 'instrument')],
  };
}

const sound = [{ rule: 'the generator ran to its end', holds: true, seen: 'exit code 0' }];
const answered = answeredIn('spike', { claim: 'demo', limit: 99 });
const latency = latencyIn('soak', 95, { claim: 'demo', limit: 800 });

describe('figures of a stage', () => {
  const calm = stage('soak', 20, 100);

  test('conform by that stage alone', () => {
    const failing = stage('load', 0, 5_000, { outcomes: { answered: 0, refused: 0, failed: 1_000 } });
    const all = seen([failing, stage('spike', 10, 100), calm]);
    expect(judgeFigure(answered, all, sound)).toMatchObject({ verdict: 'conforms', measured: 100 });
    expect(judgeFigure(latency, all, sound)).toMatchObject({ verdict: 'conforms', measured: 100 });
  });

  test('deviate when that stage broke them', () => {
    const outcomes = { answered: 960, refused: 0, failed: 40 };
    const all = seen([stage('spike', 10, 100, { outcomes }), stage('soak', 20, 900)]);
    expect(judgeFigure(answered, all, sound)).toMatchObject({ verdict: 'deviates', measured: 96 });
    expect(judgeFigure(latency, all, sound)).toMatchObject({ verdict: 'deviates', measured: 900.1 });
  });

  test('decide nothing when the processor was used up, or when the generator was not sound', () => {
    const broken = [stage('spike', 10, 100, { outcomes: { answered: 900, refused: 0, failed: 100 } }), calm];
    const used = judgeFigure(answered, seen(broken, 1.9), sound);
    expect(used.verdict).toBe('inconclusive');
    expect(used.reason).toContain('1.9 of 2 cores');
    expect(judgeFigure(answered, seen(broken, 1.88), sound).verdict).toBe('deviates');
    const busy = seen(broken);
    const others = { ...busy.measured, generatorCpu: { share: 0.2, throttled_ms: 0, othersShare: 0.4 } };
    expect(judgeFigure(answered, { ...busy, measured: others }, sound).reason).toContain('others took 40 %');
    // Nothing gets better by it.
    expect(judgeFigure(latency, { ...busy, measured: others }, sound).verdict).toBe('conforms');
    const unsound = [{ rule: 'generator not throttled', holds: false, seen: 'held back' }];
    expect(judgeFigure(answered, seen(broken), unsound).verdict).toBe('inconclusive');
  });

  test('look at the cores in their own stage, whatever containers used', () => {
    const outcomes = { answered: 900, refused: 0, failed: 100 };
    const broken = seen([stage('spike', 10, 100, { outcomes }), stage('soak', 20, 900)], 0.8);
    /** Of two cores while the spike lasts, and of half as many afterwards. */
    const spiking = (busy: number): Curve =>
      Array.from({ length: 30 }, (_, at): [number, number] => [at, at > 10 && at <= 20 ? busy : busy / 2]);
    const cores = (system: number, generator: number): LoadSeen => ({
      ...broken,
      cores: [
        { side: 'system', cores: [0, 1], busy_cores: spiking(system), interrupts_cores: [] },
        { side: 'generator', cores: [2], busy_cores: spiking(generator), interrupts_cores: [] },
      ],
    });
    expect(judgeFigure(answered, cores(1.98, 0.5), sound).reason).toContain('busy 1.98 of 2 cores');
    expect(judgeFigure(latency, cores(1.98, 0.5), sound).verdict).toBe('deviates');
    expect(judgeFigure(answered, cores(1.2, 0.99), sound).reason).toContain("the generator's cores were used up");
    expect(judgeFigure(latency, cores(1.2, 0.99), sound).verdict).toBe('deviates');
    expect(judgeFigure(answered, cores(1.2, 0.5), sound).verdict).toBe('deviates');
  });

  test('a stage that the load does not have is a fault of the scenario', () => {
    expect(() => judgeFigure(answered, seen([calm]), sound)).toThrow('no stage "spike"');
  });
});

describe('growth of the workers', () => {
  const growth = growthIn('soak', 'gateway-1', 'worker_mib', { claim: 'demo', limit: 10 });
  /** The soak lasts from 20 s to 30 s; before it the worker was large. */
  const growing = (worker_mib: [number, number][]): LoadSeen => {
    const all = seen([stage('soak', 20, 100)]);
    return { ...all, resources: all.resources.map((one) => ({ ...one, worker_mib })) };
  };

  test.each([
    ['conforms', 10.4],
    ['deviates', 12],
  ])('%s when a worker of 10 MiB has %d in the end', (verdict, mib) => {
    const readings: [number, number][] = [
      [10, 40],
      [21, 10],
      [25, 10],
      [29, mib],
    ];
    expect(judgeFigure(growth, growing(readings), sound).verdict).toBe(verdict);
  });

  test('says nothing without readings', () => {
    expect(judgeFigure(growth, growing([[10, 40]]), sound)).toMatchObject({
      verdict: 'inconclusive',
      reason: 'nobody could read the largest worker',
    });
  });
});

describe('growth of open files', () => {
  const growth = growthIn('soak', 'gateway-1', 'descriptors', { claim: 'demo', limit: 10 });
  /** A soak from 0 s to 300 s; each second so many files, without what does not change. */
  const judged = (files: (second: number) => number) => {
    const all = seen([stage('soak', 0, 100, { duration_s: 300 })]);
    const descriptors = thinned(Array.from({ length: 302 }, (_, second): [number, number] => [second, files(second)]));
    return judgeFigure(growth, { ...all, resources: all.resources.map((one) => ({ ...one, descriptors })) }, sound);
  };

  test('is none where nothing changed', () => {
    expect(judged(() => 200)).toMatchObject({ verdict: 'conforms', measured: 0 });
    expect(judged((second) => (second === 150 ? 300 : 200))).toMatchObject({ verdict: 'conforms', measured: 0 });
  });

  test('counts a spike for as long as it lasted', () => {
    expect(judged((second) => (second === 250 ? 500 : 200))).toMatchObject({ verdict: 'conforms', measured: 1.5 });
  });

  test('is seen where files leak', () => {
    expect(judged((second) => 200 + Math.floor(second / 10) * 10).verdict).toBe('deviates');
    expect(judged((second) => (second < 120 ? 200 : 300))).toMatchObject({ verdict: 'deviates', measured: 50 });
  });
});

describe('requests that were due while all users of a stage waited', () => {
  // Two hundred users at a hundred a second wait two seconds on average; here all of them waited three.
  const waiting = stage('spike', 10, 3_000, { achieved: 700, dropped: 300 });

  test('count as failed in that stage, and in its percentiles', () => {
    const all = seen([waiting, stage('soak', 20, 100)]);
    expect(heldUp(all.measured, 20)).toBe(300);
    expect(judgeFigure(answered, all, sound)).toMatchObject({ verdict: 'deviates', measured: 70 });
    expect(stageRows([waiting], 15)).toMatchObject([{ failed: 300, answered: 700, p95_ms: 15_000, rate_perS: 100 }]);
  });

  test('are told from those that the generator missed in another one', () => {
    const missed = stage('soak', 20, 100, { achieved: 900, dropped: 100 });
    const { measured } = seen([waiting, missed]);
    const both = { ...measured, dropped: 400, offered: 2_000, achieved: 1_600, lost: 0, failure: null };
    expect(heldUp(both, 20)).toBe(300);
    expect(validityRules(both, [], 20).find(({ rule }) => rule.startsWith('nothing dropped'))).toMatchObject({
      holds: false,
      seen: '100 dropped',
    });
  });
});

test('stages follow each other at their own rates, with users in proportion', () => {
  const target = { gateway: { address: '198.18.0.10', serverName: 'api.example' }, backends: [] };
  const { steps, virtualUsers } = loadPlan(declared, shape, 80, target);
  expect(virtualUsers).toBe(80);
  expect(
    steps.map(({ name, rate_perS, start_s, duration_s, virtualUsers: own }) => [
      name,
      rate_perS,
      start_s,
      duration_s,
      own,
    ]),
  ).toEqual([
    ['warm-up', 40, 0, 10, undefined],
    ['load', 40, 10, 40, undefined],
    ['stress', 120, 50, 30, 240],
    ['spike', 200, 80, 20, 400],
    ['recovery', 40, 100, 35, undefined],
    ['soak', 28, 135, 75, 56],
  ]);
});
