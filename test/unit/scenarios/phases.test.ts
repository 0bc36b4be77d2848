import { describe, expect, test } from 'vitest';

import { ClusteredHistogram } from '../../../measurement/clustered-histogram.ts';
import { judgeFigure } from '../../../scenarios/figures.ts';
import type { LoadSeen } from '../../../scenarios/figures.ts';
import declared from '../../../scenarios/definitions/production-gateway/gateway-phases.ts';
import { phaseTimes } from '../../../scenarios/phases.ts';

const shape = { rate_perS: 100, warmup_s: 2, measured_s: 10 };
const sound = [{ rule: 'the generator ran to its end', holds: true, seen: 'exit code 0' }];

/** Twelve seconds of requests, the first two of them slow in every part. */
function seen(
  line: { request_s: number; connect_s: number; upstream_s: number; client_ms?: number },
  othersShare = 0,
): LoadSeen {
  const connect = new ClusteredHistogram();
  connect.record(line.client_ms ?? 0.3, 1_000);
  const lines = Array.from({ length: 1_200 }, (_, n) => {
    const { request_s, connect_s, upstream_s } = n < 200 ? { request_s: 9, connect_s: 5, upstream_s: 2 } : line;
    const times = [request_s, connect_s, upstream_s].map((time) => time.toFixed(3));
    return [(1_700_000_000 + n / 100).toFixed(3), 200, ...times].join(' ');
  });
  return {
    shape,
    sutCores: 1,
    resources: [],
    phases: phaseTimes(lines),
    measured: {
      connect,
      outcomes: { answered: 1_000, refused: 0, failed: 0 },
      generatorCpu: { share: 0.1, throttled_ms: 0, othersShare },
    } as unknown as LoadSeen['measured'],
  };
}

const verdicts = (load: LoadSeen): string[] =>
  (declared.figures ?? []).map((figure) => judgeFigure(figure, load, sound).verdict);

describe('phases of requests', () => {
  const good = { request_s: 0.202, connect_s: 0.001, upstream_s: 0.2 };

  test('that keep their budgets conform; the warm-up does not count', () => {
    expect(verdicts(seen(good))).toEqual(['conforms', 'conforms', 'conforms', 'conforms']);
  });

  test.each([
    ['a gateway that takes 12 ms to connect to', { ...good, client_ms: 12 }, 0],
    ['a gateway that takes 8 ms itself', { ...good, request_s: 0.208 }, 1],
    ['a backend that takes 12 ms to connect to', { ...good, connect_s: 0.012 }, 2],
    ['a backend beyond its range', { ...good, request_s: 0.702, upstream_s: 0.7 }, 3],
  ])('%s deviates in that phase alone', (_, line, phase) => {
    const all = ['conforms', 'conforms', 'conforms', 'conforms'];
    expect(verdicts(seen(line))).toEqual(all.with(phase, 'deviates'));
  });

  test('a machine that others used excuses what is late, and lines that are missing excuse all', () => {
    expect(verdicts(seen({ ...good, request_s: 0.208 }, 0.3))).toEqual([
      'conforms',
      'inconclusive',
      'conforms',
      'conforms',
    ]);
    expect(verdicts({ ...seen(good), phases: [] })).toEqual([
      'conforms',
      'inconclusive',
      'inconclusive',
      'inconclusive',
    ]);
  });
});

test('requests without an answer, without an upstream or with two of them have no phases', () => {
  const lines = [
    '1700000000.000 200 0.010 0.001 0.008',
    '1700000000.000 502 0.010 0.001 0.008',
    '1700000000.000 200 0.010 - -',
    '1700000000.000 200 0.010 0.001, 0.002 0.004, 0.004',
  ];
  expect(phaseTimes(lines)).toEqual([{ ended_ms: 1_700_000_000_000, request_ms: 10, connect_ms: 1, upstream_ms: 8 }]);
});
