import { describe, expect, test } from 'vitest';

import { comparePrediction } from '../../../chaos/runner/prediction.ts';
import type { TrialData } from '../../../chaos/runner/experiment.ts';
import { experimentStatistics } from '../../../chaos/runner/statistics.ts';
import { trialOutcome } from '../../../reports/record/trials.ts';
import type { Trial } from '../../../reports/record/types.ts';

function trial(lower_s: number, upper_s: number, rest: Partial<Trial> = {}): Trial {
  return {
    phase_s: 0,
    lower_s,
    upper_s,
    failedRequests: upper_s > 0 ? 5 : 0,
    totalRequests: 1_000,
    valid: true,
    errorsByKind: {},
    timeline: [],
    fault: { injected_ms: 0, proved_ms: 0, reverted_ms: 0, healed_ms: 0 },
    proberLateness_ms_p99: 1,
    probes: [],
    ...rest,
  };
}

const many = (count: number, one = trial(0.9, 0.92)): Trial[] => Array.from({ length: count }, () => one);
const said = (trials: readonly Trial[], limit_s: number | null): string =>
  experimentStatistics(trials, limit_s, 1).statement;

describe('one trial against a limit', () => {
  test.each([
    [trial(1, 2.9), 3, 'kept'],
    [trial(2.9, 3.1), 3, 'between'],
    [trial(3.1, 3.2), 3, 'broken'],
    [trial(0, 0), 0, 'kept'],
    [trial(0, 0, { failedRequests: 1 }), 0, 'between'],
    [trial(0.1, 0.2), 0, 'broken'],
  ] as const)('%#', (one, limit_s, outcome) => expect(trialOutcome(one, limit_s)).toBe(outcome));
});

describe('the statement that so many trials allow', () => {
  test('59 of 59 show 95 %', () => expect(said(many(59), 3)).toBe('p95 under 3 s at 95 %: 59 of 59'));
  test('58 of 59 do not', () =>
    expect(said([...many(58), trial(4, 4.1)], 3)).toBe(
      '58 of 59 within 3 s: with 95 % confidence between 90 % and 99 % of all',
    ));
  test('10 of 10 show 74 %', () =>
    expect(said(many(10), 3)).toBe(
      '10 of 10 within 3 s: at least 74 % of all with 95 % confidence; 59 of 59 would show 95 %',
    ));
  test('no failed request', () =>
    expect(said(many(10, trial(0, 0)), 0)).toMatch(/^10 of 10 without a failed request: at least 74 %/));
  test('a single trial says what can happen, not how often', () => {
    expect(said([trial(1, 1.1, { phase: 'worst' })], 3)).toBe(
      'one trial, at the worst phase: within 3 s; 59 of 59 would show 95 %',
    );
    expect(said([trial(3.5, 3.6)], 3)).toMatch(/^one trial, at a random phase: longer than 3 s/);
  });
  test('nothing valid, nothing promised', () => {
    expect(said([trial(1, 1.1, { valid: false })], 3)).toBe('no valid trial: nothing can be said');
    expect(said([trial(1, 1.1), trial(2, 2.1)], null)).toBe('2 trials, outages of 1 to 2.1 s; no limit is promised');
  });
});

describe('figures', () => {
  const spread = Array.from({ length: 59 }, (_, index) => trial(1 + index / 100, 1.02 + index / 100));

  test('the pass rate has its exact interval', () => {
    expect(experimentStatistics(many(10), 3, 1)).toMatchObject({ valid: 10, kept: 10, passRate: { upper: 1 } });
    expect(experimentStatistics(many(10), 3, 1).passRate?.lower).toBeCloseTo(0.6915, 3);
    expect(experimentStatistics(many(1), 3, 1).passRate).toBeUndefined();
  });

  test('median and quantiles enclose the truth, no bound is made up', () => {
    const { outage } = experimentStatistics(spread, 3, 1);
    expect(outage.map(({ name }) => name)).toEqual(['median', 'p50', 'p95']);
    for (const { name, interval_s } of outage) {
      const truth = name === 'p95' ? 1.56 : 1.3;
      expect(interval_s.lower, name).toBeLessThan(truth);
      if (name === 'p95') expect(interval_s.upper).toBeNull();
      else expect(interval_s.upper, name).toBeGreaterThan(truth);
    }
    expect(experimentStatistics(spread, 3, 1)).toEqual(experimentStatistics(spread, 3, 1));
  });

  test('few trials have no bootstrap, no outage no figure', () => {
    expect(experimentStatistics(spread.slice(0, 5), 3, 1).outage.map(({ name }) => name)).toEqual(['p50', 'p95']);
    expect(experimentStatistics(many(10, trial(0, 0)), 3, 1).outage).toEqual([]);
  });
});

describe('prediction against observation', () => {
  const predicted = { range_s: [0.86, 1.16] as const, formula: '', settings: '' };
  const seen = (trials: readonly Trial[]): TrialData[] =>
    trials.map((one) => ({ trial: one, probes: [], series: {}, before: [], collected: {}, instrumentUnsound: false }));

  test('trials within, or off by no more than their bounds are wide, agree', () => {
    expect(comparePrediction(predicted, seen([trial(0.9, 0.92), trial(1.17, 1.19)]))).toMatchObject({
      agrees: true,
      comparison: 'All 2 trials agree with the predicted 0.86 to 1.16 s.',
    });
  });

  test('the stray trial is named', () => {
    const { agrees, comparison } = comparePrediction(predicted, seen([trial(0.9, 0.92), trial(1.9, 1.92)]));
    expect(agrees).toBe(false);
    expect(comparison).toContain('1 of 2 trials lies outside the predicted 0.86 to 1.16 s; trial 2 is furthest off');
  });

  test('no outage where one was expected is a disagreement, a thrown away trial is none', () => {
    expect(comparePrediction(predicted, seen([trial(0, 0)])).agrees).toBe(false);
    expect(comparePrediction(predicted, seen([trial(5, 6, { valid: false })]))).toEqual(predicted);
  });
});
