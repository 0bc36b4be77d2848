import { describe, expect, test } from 'vitest';

import { StepSamples } from '../../../scenarios/engines/k6-samples.ts';
import { LONGEST_MS } from '../../../measurement/histogram.ts';

/** Lines as k6 2.2 writes them with `--out json`. */
function line(metric: string, at_ms: number, value: number, tags: Record<string, string>): string {
  const time = new Date(Date.UTC(2026, 0, 1) + at_ms).toISOString();
  return JSON.stringify({ metric, type: 'Point', data: { time, value, tags: { scenario: 'measured', ...tags } } });
}

function request(
  samples: StepSamples,
  start_ms: number,
  latency_ms: number,
  status = '200',
  scenario = 'measured',
): void {
  const end_ms = start_ms + latency_ms;
  samples.take(line('http_req_duration', end_ms, latency_ms - 1, { status, scenario }));
  samples.take(line('gateproof_corrected', end_ms, latency_ms, { status, scenario }));
  if (status === '200') samples.take(line('gateproof_backend', end_ms, latency_ms - 5, { status, scenario }));
}

describe('samples of a step', () => {
  test('become histograms, outcomes and buckets by intended start', () => {
    const samples = new StepSamples('measured');
    samples.take(
      '{"type":"Metric","data":{"name":"gateproof_corrected","type":"trend"},"metric":"gateproof_corrected"}',
    );
    for (let index = 0; index < 30; index += 1) request(samples, 250 + index * 100, 50 + index);
    expect(samples.outcomes).toEqual({ answered: 30, refused: 0, failed: 0 });
    expect(samples.corrected.count).toBe(30);
    expect(samples.actual.percentile_ms(100)).toBeCloseTo(78, 0);
    expect(samples.backend.percentile_ms(0)).toBeCloseTo(45, 0);
    expect(samples.buckets(10, 3)).toEqual(
      [0, 1, 2].map((at_s) => ({ at_s, offered: 10, achieved: 10, dropped: 0, errors: 0 })),
    );
  });

  test('of overhead count a failed pair as endless', () => {
    const samples = new StepSamples('measured');
    samples.take(line('gateproof_overhead', 10, 3, { status: '200' }));
    samples.take(line('gateproof_overhead', 20, 0, { status: '0' }));
    expect(samples.overhead.count).toBe(2);
    expect(samples.overhead.percentile_ms(50)).toBeCloseTo(3, 1);
    expect(samples.overhead.max_ms).toBeGreaterThanOrEqual(LONGEST_MS);
  });

  test('other steps and other metrics are left out, but counted as seen', () => {
    const samples = new StepSamples('measured');
    request(samples, 0, 10, '200', 'warm-up');
    samples.take(line('http_req_waiting', 0, 3, {}));
    samples.take('not json at all');
    expect(samples.achieved).toBe(0);
    expect(samples.seen).toBe(1);
  });

  test('failures count as endless, refusals not at all', () => {
    const samples = new StepSamples('measured');
    request(samples, 0, 10);
    request(samples, 100, 10, '0');
    request(samples, 200, 10, '502');
    request(samples, 300, 10, '429');
    expect(samples.outcomes).toEqual({ answered: 1, refused: 1, failed: 2 });
    expect(samples.achieved).toBe(4);
    expect(samples.corrected.count).toBe(3);
    expect(samples.corrected.percentile_ms(100)).toBeGreaterThanOrEqual(LONGEST_MS);
    expect(samples.buckets(4, 1)).toEqual([{ at_s: 0, offered: 4, achieved: 4, dropped: 0, errors: 2 }]);
  });

  test('dropped iterations are counted where they happened', () => {
    const samples = new StepSamples('measured');
    request(samples, 0, 10);
    samples.take(line('dropped_iterations', 1_500, 3, {}));
    expect(samples.dropped).toBe(3);
    expect(samples.buckets(4, 2)[1]).toMatchObject({ at_s: 1, dropped: 3 });
  });
});
