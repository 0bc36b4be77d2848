import { describe, expect, test } from 'vitest';
import { ClusteredHistogram } from '../../../measurement/clustered-histogram.ts';
import apiLatency from '../../../scenarios/definitions/production-gateway/api-latency.ts';
import { ACHIEVED_RULE, REFUSED_RULE } from '../../../scenarios/engines/validity.ts';
import type { ValidityRule } from '../../../scenarios/engines/validity.ts';
import { judgeFigure } from '../../../scenarios/figures.ts';
import type { LoadSeen } from '../../../scenarios/figures.ts';

const CLAIM = 'production-gateway.latency.end-to-end-range';

/** Verdicts on the lower and the upper end, with what was measured, for these latencies at the generator. */
function ends(
  latencies_ms: readonly number[],
  { failed = 0, othersShare = 0, validity = [] as readonly ValidityRule[] } = {},
) {
  const corrected = new ClusteredHistogram();
  for (const latency_ms of latencies_ms) corrected.record(latency_ms);
  const outcomes = { answered: latencies_ms.length, refused: 0, failed };
  const generatorCpu = { share: 0.2, throttled_ms: 0, othersShare };
  const shape = { rate_perS: 60, warmup_s: 1, measured_s: 50 };
  const seen = { measured: { corrected, outcomes, generatorCpu }, shape, resources: [] } as unknown as LoadSeen;
  const figures = (apiLatency.figures ?? []).filter(({ claim }) => claim === CLAIM);
  return figures.map((figure) => judgeFigure(figure, seen, validity));
}

describe('the range of end-to-end times', () => {
  test('is kept by a gateway and backends that take the documented times', () => {
    expect(ends([46, 300, 1_205]).map(({ verdict, measured }) => [verdict, measured])).toEqual([
      ['conforms', 56],
      ['conforms', 1405],
    ]);
  });

  test('is left by faster and by slower answers, each at its end', () => {
    expect(ends([31, 300]).map(({ verdict }) => verdict)).toEqual(['deviates', 'conforms']);
    expect(ends([60, 1_300]).map(({ verdict }) => verdict)).toEqual(['conforms', 'deviates']);
  });

  test('is not told by requests that failed, nor by none', () => {
    expect(ends([60, 300], { failed: 1 }).map(({ reason }) => reason)).toEqual([
      '1 requests failed',
      '1 requests failed',
    ]);
    expect(ends([])[0]?.verdict).toBe('inconclusive');
  });

  test('is not told by an unsound load, whichever rule it broke', () => {
    for (const rule of [ACHIEVED_RULE, REFUSED_RULE]) {
      const validity = [{ rule, holds: false, seen: 'too little' }];
      expect(ends([31, 1_300], { validity }).map(({ verdict }) => verdict)).toEqual(['inconclusive', 'inconclusive']);
    }
  });

  test('is not told by an unsound load that would have kept it by being slow', () => {
    const validity = [{ rule: 'generator below 85 % of its CPU', holds: false, seen: '99 %' }];
    expect(ends([60, 300], { validity }).map(({ verdict }) => verdict)).toEqual(['inconclusive', 'inconclusive']);
  });

  test('is neither kept at its lower end nor left at its upper one by a machine that others used', () => {
    const why = "others took 30 % of the machine's time";
    const busy = { othersShare: 0.3 };
    const [fastest, slowest] = ends([60, 1_300], busy);
    expect([fastest, slowest].map((end) => end?.verdict)).toEqual(['inconclusive', 'inconclusive']);
    for (const end of [fastest, slowest]) expect(end?.reason).toContain(why);
    expect(ends([31, 300], busy).map(({ verdict }) => verdict)).toEqual(['deviates', 'conforms']);
  });
});
