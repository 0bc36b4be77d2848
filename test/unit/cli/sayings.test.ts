import { expect, test } from 'vitest';
import { sayings } from '../../../cli/run/scenarios.ts';
import type { ScenarioResult } from '../../../reports/record/types.ts';

const interval = { lower: 100, upper: 120 };

test('what excuses one promise of a load is said of no other', () => {
  const reason = '1 requests failed';
  const result = {
    name: 'api-latency',
    verdict: 'inconclusive',
    reason,
    validity: [{ rule: 'the generator ran to its end', holds: true, seen: 'exit code 0' }],
    promises: [
      { claim: 'a.p50', percentile: 50, limit_ms: 200, measured_ms: 110, interval_ms: interval, verdict: 'conforms' },
      { claim: 'a.p95', percentile: 95, limit_ms: 90, measured_ms: 110, interval_ms: interval, verdict: 'deviates' },
    ],
    figures: [
      {
        ...{ claim: 'a.range', what: 'slowest request', unit: 'ms', better: 'lower', limit: 1_410, measured: 300 },
        ...{ interval, verdict: 'inconclusive', reason },
      },
    ],
  } as unknown as ScenarioResult;
  expect(sayings(result).map((saying) => [saying.claim, saying.reason])).toEqual([
    ['a.p50', undefined],
    ['a.p95', undefined],
    ['a.range', reason],
  ]);
});

test('an inconclusive percentile says its own reason', () => {
  const promise = { claim: 'a.p50', percentile: 50, limit_ms: 90, measured_ms: 110, interval_ms: interval };
  const result = {
    reason: 'another',
    validity: [],
    promises: [{ ...promise, verdict: 'inconclusive', reason: 'others took 20 %' }],
  } as unknown as ScenarioResult;
  expect(sayings(result)[0]?.reason).toBe('others took 20 %');
});
