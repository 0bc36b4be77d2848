/** Invented experiment and load results for the reports' tests. */
import { HEAT_BINS_PER_DECADE } from '../../../reports/record/types.ts';
import type {
  CapacityResult,
  CapacityStep,
  ExperimentResult,
  PercentilePoint,
  ScenarioResult,
  Trial,
  VariantName,
} from '../../../reports/record/types.ts';

/** A fixed pseudo-random sequence, so that pictures of the fixtures repeat. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function trial(phase_s: number, outage_s: number, valid: boolean): Trial {
  const injected_ms = 2000;
  const end_ms = injected_ms + outage_s * 1000;
  const probes = Array.from({ length: 800 }, (_, index) => {
    const intended_ms = index * 10;
    const ok = intended_ms < injected_ms || intended_ms >= end_ms || index % 5 !== 0;
    return { intended_ms, sent_ms: intended_ms + 0.2, done_ms: intended_ms + 6, ok, kind: ok ? 'ok' : 'refused' };
  });
  const failed = probes.filter((probe) => !probe.ok).length;
  return {
    phase_s,
    phase: 'random',
    lower_s: Math.max(0, outage_s - 0.006),
    upper_s: outage_s === 0 ? 0 : outage_s + 0.008,
    failedRequests: failed,
    totalRequests: probes.length,
    valid,
    ...(!valid && { invalidReason: 'prober late by 31 ms' }),
    errorsByKind: failed === 0 ? {} : { refused: failed },
    timeline: [
      { at_ms: 1990, source: 'runner', what: 'undo written to disk' },
      { at_ms: injected_ms, source: 'runner', what: 'customer-1 killed (SIGKILL)' },
      { at_ms: injected_ms + 12, source: 'runner', what: 'fault proved: its port refuses' },
      { at_ms: injected_ms + 15, source: 'gateway-1', what: 'upstream marked down after 3 failures' },
      { at_ms: end_ms + 4, source: 'prober', what: 'success ratio back to steady state' },
      { at_ms: 6000, source: 'runner', what: 'fault undone: customer-1 started, its return proved' },
    ],
    fault: { injected_ms, proved_ms: injected_ms + 12, reverted_ms: 6000, healed_ms: 6300 },
    lanes: [
      {
        name: 'customer-1',
        spans: [
          { from_ms: 0, to_ms: injected_ms, state: 'up', kind: 'active' },
          { from_ms: injected_ms, to_ms: 6300, state: 'down', kind: 'down' },
          { from_ms: 6300, to_ms: 8000, state: 'up', kind: 'active' },
        ],
      },
      {
        name: 'back-off of gateway-1',
        spans: [{ from_ms: injected_ms + 15, to_ms: 5015, state: 'fail_timeout', kind: 'timer' }],
      },
    ],
    proberLateness_ms_p99: 1.4,
    probes,
  };
}

/** Killing one instance; `trials` of them. */
export function inventedExperiment(variant: VariantName, trials: number): ExperimentResult {
  const next = sequence(variant === 'documented' ? 7 : 11);
  const base = variant === 'documented' ? 0.8 : 0.2;
  return {
    name: 'customer-instance-loss',
    title: 'losing one customer-service instance',
    hypothesis: 'availability at least 99.9 %, P95 below 800 ms, held for 2 s before each trial',
    setup: [
      { name: 'Fault', text: 'kill customer-1 (SIGKILL) at a random phase' },
      { name: 'Blast radius', text: 'customer-1, and nothing else; the undo was on disk first' },
    ],
    verifies: ['production-gateway.routing.claim-1'],
    verdict: variant === 'documented' ? 'deviates' : 'conforms',
    observed: variant === 'documented' ? 'The slowest recovery took 1.4 s.' : 'The slowest recovery took 0.5 s.',
    limit_s: 1,
    predicted: {
      range_s: [base, base + 0.5],
      formula: 'fail_timeout − phase',
      settings: 'fail_timeout 1s',
      ...(variant === 'documented' ? { quantity: 'time until the instance is asked again' } : {}),
      agrees: variant === 'hardened',
      comparison: variant === 'hardened' ? 'All trials agree.' : '1 of 11 trials lies outside the predicted range.',
    },
    statistics: {
      confidence: 0.95,
      valid: trials - 1,
      kept: variant === 'documented' ? 4 : 11,
      passRate: variant === 'documented' ? { lower: 0.1093, upper: 0.6921 } : { lower: 0.7151, upper: 1 },
      outage: [
        {
          name: 'median',
          value_s: base + 0.25,
          interval_s: { lower: base + 0.1, upper: base + 0.4 },
          method: 'bootstrap',
        },
        {
          name: 'p95',
          value_s: base + 0.48,
          interval_s: { lower: base + 0.3, upper: null },
          method: 'order statistics',
        },
      ],
      statement: variant === 'documented' ? '4 of 11 within 1 s' : '11 of 11 within 1 s: at least 76 % of all',
    },
    ...(variant === 'hardened' && { control: 'no-fault' as const }),
    trials: Array.from({ length: trials }, (_, index) => {
      const phase = next();
      return trial(phase, base + 0.5 * (1 - phase) + 0.01 * next(), index !== 6);
    }),
    rollbacks: { done: trials, failed: 0 },
    duration_ms: 84_000,
    reproduce: 'gateproof chaos production-gateway customer-instance-loss --seed 20261121',
  };
}

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
      { container: 'gateway-1', role: 'sut', cpu_cores: wave(0.31), memory_mib: wave(60), worker_mib: wave(6) },
      { container: 'customer-1', role: 'sut', cpu_cores: wave(0.22), memory_mib: wave(90) },
      { container: 'postgres-1', role: 'sut', cpu_cores: wave(0.4), memory_mib: wave(120) },
      { container: 'k6', role: 'instrument', cpu_cores: wave(0.6), memory_mib: wave(200) },
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
    ...(verdict === 'invalid' ? { reason: 'generator below 85 % of its CPU: 91 %' } : {}),
  });
  return {
    scenario: 'api-mix',
    title: 'reads, writes and admin from many addresses',
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
