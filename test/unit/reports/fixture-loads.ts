/** Invented results of loads and capacity searches for the reports' tests. */
import { HEAT_BINS_PER_DECADE } from '../../../reports/record/types.ts';
import type {
  CapacityResult,
  CapacityStep,
  PercentilePoint,
  ScalingResult,
  ScenarioResult,
} from '../../../reports/record/types.ts';
import { sequence } from './fixture-random.ts';

function spectrum(factor: number): readonly PercentilePoint[] {
  const values: readonly (readonly [number, number])[] = [
    [50, 64],
    [75, 112],
    [90, 196],
    [95, 271],
    [97.5, 402],
    [99, 688],
    [99.5, 955],
    [99.9, 1874],
    [99.99, 2790],
  ];
  return values.map(([percentile, value]) => ({ percentile, value_ms: value * factor }));
}

/** Answers of one second by latency: most about the median, few above and below. */
export function inventedHeat(answers: number, median_ms: number): number[] {
  const median = Math.round(Math.log10(median_ms * 1000) * HEAT_BINS_PER_DECADE);
  return Array.from({ length: 23 }, (_, index) => index - 8).flatMap((off) => {
    const count = Math.round(0.2 * answers * Math.exp(-((off / (off < 0 ? 2.5 : 4)) ** 2)));
    return count === 0 ? [] : [median + off, count];
  });
}

/** One minute of load. */
export function inventedScenario(): ScenarioResult {
  const next = sequence(5);
  const seconds = Array.from({ length: 60 }, (_, index) => index);
  const wave = (mean: number): readonly (readonly [number, number])[] =>
    seconds.map((at) => [at, mean * Math.min(1, (at + 2) / 12) * (0.9 + 0.2 * next())]);
  return {
    name: 'api-mix',
    title: 'reads, writes and admin from many addresses',
    verifies: ['production-gateway.latency.claim-1'],
    engine: 'k6 2.2.0',
    verdict: 'conforms',
    observed: 'All promises hold at 400 requests a second.',
    clientAddresses: 1024,
    warmup_s: 10,
    measures: 'latency',
    buckets: seconds.map((at_s) => {
      const offered = Math.min(400, 40 * (at_s + 1));
      const achieved = at_s === 37 ? 391 : offered;
      const slow = at_s === 41 ? 6 : 0.9 + 0.2 * next();
      return {
        at_s,
        offered,
        achieved,
        dropped: offered - achieved,
        errors: at_s === 41 ? 2 : 0,
        p50_ms: 64 * slow,
        p95_ms: 271 * slow,
        p99_ms: 688 * slow,
        heat: inventedHeat(achieved, 64 * slow),
        ...(at_s === 41 ? { endings: { 'status 503': 1, 'time-out': 1, limited: 3 } } : {}),
      };
    }),
    kinds: [
      { outcome: 'answered', kind: 'miss', requests: 15_000, p50_ms: 71, p95_ms: 290, p99_ms: 702 },
      { outcome: 'answered', kind: 'hit', requests: 4_986, p50_ms: 3.2, p95_ms: 8.1, p99_ms: 21 },
      { outcome: 'refused', kind: 'limited', requests: 3 },
      { outcome: 'failed', kind: 'status 503', requests: 1 },
      { outcome: 'failed', kind: 'time-out', requests: 1 },
    ],
    corrected: spectrum(1),
    actual: spectrum(0.82),
    backend: spectrum(0.6),
    promises: [
      {
        claim: 'production-gateway.latency.claim-1',
        percentile: 50,
        limit_ms: 200,
        measured_ms: 64,
        interval_ms: { lower: 61, upper: 68 },
        verdict: 'conforms',
      },
      {
        claim: 'production-gateway.latency.claim-2',
        percentile: 95,
        limit_ms: 800,
        measured_ms: 271,
        interval_ms: { lower: 262, upper: 281 },
        verdict: 'conforms',
      },
      {
        claim: 'production-gateway.latency.claim-3',
        percentile: 99,
        limit_ms: 1500,
        measured_ms: 688,
        interval_ms: { lower: 640, upper: null },
        verdict: 'conforms',
      },
    ],
    stages: [
      {
        name: 'spike',
        start_s: 30,
        duration_s: 10,
        rate_perS: 200,
        answered: 1_990,
        refused: 0,
        failed: 10,
        p50_ms: 61.2,
        p95_ms: 240.5,
        p99_ms: 410,
      },
    ],
    figures: [
      {
        claim: 'production-gateway.throughput.claim-1',
        what: 'requests that one gateway answers',
        unit: 'requests/s',
        better: 'higher',
        limit: 10_000,
        measured: 6_180,
        interval: { lower: 6_150, upper: 6_210 },
        verdict: 'inconclusive',
        reason: 'the gateway used up the one core that it has',
      },
    ],
    validity: [
      { rule: 'achieved at least 99 % of offered', holds: true, seen: '99.96 %' },
      { rule: 'no dropped iteration', holds: true, seen: '0 of 22,300' },
      { rule: 'generator below 90 % of its cores', holds: true, seen: '61 %' },
    ],
    resources: [
      {
        container: 'gateway-1',
        role: 'sut',
        cpu_cores: wave(0.31),
        memory_mib: wave(60),
        worker_mib: wave(6),
        received_kibPerS: wave(310),
        sent_kibPerS: wave(900),
        descriptors: wave(420),
        nginx: {
          active: wave(380),
          reading: wave(1),
          writing: wave(40),
          waiting: wave(340),
          accepted_perS: wave(3),
          handled_perS: wave(3),
          requests_perS: wave(370),
        },
      },
      {
        container: 'customer-1',
        role: 'sut',
        cpu_cores: wave(0.22),
        memory_mib: wave(90),
        received_kibPerS: wave(80),
        sent_kibPerS: wave(120),
        node: { loop_delay_ms_p99: wave(4), heap_mib: wave(31) },
      },
      { container: 'postgres-1', role: 'sut', cpu_cores: wave(0.4), memory_mib: wave(120) },
      { container: 'k6', role: 'instrument', cpu_cores: wave(0.6), memory_mib: wave(200) },
    ],
    cores: [
      { side: 'system', cores: [0, 1], busy_cores: wave(1.4), interrupts_cores: wave(0.2), stolen_cores: wave(0.1) },
      { side: 'generator', cores: [2], busy_cores: wave(0.7), interrupts_cores: wave(0.1) },
    ],
    duration_ms: 62_000,
    reproduce: 'gateproof load production-gateway api-mix --seed 20261121',
  };
}

/** A search that ended between 400 and 440 requests a second. */
export function inventedCapacity(): CapacityResult {
  const step = (
    phase: CapacityStep['phase'],
    rate_perS: number,
    p95_ms: number,
    verdict: CapacityStep['verdict'],
  ): CapacityStep => ({
    phase,
    rate_perS,
    achieved_perS: rate_perS,
    verdict,
    p50_ms: p95_ms / 3,
    p95_ms,
    p99_ms: p95_ms * 1.7,
    errorShare: verdict === 'breaks' ? 0.02 : 0,
    cpu_cores: { 'gateway-1': rate_perS / 600, 'customer-1': rate_perS / 1_500, generator: 0.3 },
    cores: {
      system: { cores: 1, busy: 0.97, containers: 0.7, interrupts: 0.2, stolen: 0.01 },
      generator: { cores: 1, busy: 0.5, containers: 0.3, interrupts: 0.1, stolen: 0 },
    },
    ...(verdict === 'breaks' ? { failures: { 'time-out': 40, 'never sent': 12 } } : {}),
    ...(verdict === 'invalid' ? { reason: 'generator below 85 % of its CPU: 91 %' } : {}),
  });
  return {
    scenario: 'api-mix',
    title: 'reads, writes and admin from many addresses',
    replicas: { pool: 'customer', count: 2, idle: ['customer-3', 'customer-4'] },
    objective: 'P95 below 800 ms and errors below 1 %',
    lower_perS: 400,
    upper_perS: 440,
    ended: 'narrow enough',
    steps: [
      step('growth', 100, 240, 'holds'),
      step('growth', 200, 260, 'holds'),
      step('growth', 400, 420, 'holds'),
      step('growth', 800, 6_000, 'breaks'),
      step('bisection', 440, 1_300, 'breaks'),
      step('confirmation', 400, 430, 'holds'),
      step('confirmation', 440, 1_500, 'invalid'),
    ],
    ranOut: 'processor time of the system: at 440/s the gateway used 0.73 of 1 cores',
    perGatewayCore: 600,
    perUpstreamCore: 1_500,
    clientAddresses: 880,
    duration_ms: 140_000,
    reproduce: 'gateproof capacity production-gateway --target api-mix',
  };
}

/** Four numbers of instances whose capacity grows with contention; the search of the third found no upper end. */
export function inventedScaling(): ScalingResult {
  const point = (replicas: number, lower_perS: number, upper_perS: number | null): ScalingResult['points'][number] => ({
    replicas,
    lower_perS,
    upper_perS,
    ranOut: 'processor time of the system: at 440/s the gateway used 0.73 of 1 cores',
  });
  return {
    scenario: 'api-mix',
    pool: 'customer',
    points: [point(1, 210, 230), point(2, 400, 440), point(3, 500, null), point(4, 600, 660)],
    shows: 'law',
    statement: 'λ 220/s (205 to 236), σ 0.05 (0 to 0.12), κ 0.01 (0 to 0.03): most with 9.7 (5.1 to ∞) instances.',
    law: {
      lambda_perS: { value: 220, lower: 205, upper: 236 },
      sigma: { value: 0.05, lower: 0, upper: 0.12 },
      kappa: { value: 0.01, lower: 0, upper: 0.03 },
      peak_replicas: { value: 9.7, lower: 5.1, upper: null },
      peak_perS: { value: 904, lower: 640, upper: null },
    },
    reproduce: 'gateproof capacity production-gateway --target api-mix --replicas 1,2,3,4',
  };
}
