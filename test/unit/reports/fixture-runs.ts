/** Invented results of experiments for the reports' tests. */
import type { ExperimentResult, Trial, VariantName } from '../../../reports/record/types.ts';
import { sequence } from './fixture-random.ts';

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
