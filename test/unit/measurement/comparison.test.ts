/**
 * Rank tests against published results: golang.org/x/perf's benchstat uses the tests of aclements/go-moremath
 * (`stats/utest_test.go`, `stats/udist_test.go`), whose figures stand here; others are of R's `wilcox.test`.
 */
import { describe, expect, test } from 'vitest';
import { compareMetrics } from '../../../measurement/comparison/compare.ts';
import type { MetricGroups } from '../../../measurement/comparison/compare.ts';
import { holm } from '../../../measurement/comparison/holm.ts';
import { mannWhitney, rankSumDistribution } from '../../../measurement/comparison/mann-whitney.ts';
import { atMost } from '../../../measurement/comparison/null-distribution.ts';
import { pairsNeeded } from '../../../measurement/comparison/pairs-needed.ts';
import { rank } from '../../../measurement/comparison/ranks.ts';
import { shiftOfGroups, shiftOfPairs } from '../../../measurement/comparison/shift.ts';
import { signedRank } from '../../../measurement/comparison/signed-rank.ts';
import { seededRandom } from '../../../measurement/random.ts';
import type { Random } from '../../../measurement/random.ts';

const range = (length: number, value: (index: number) => number): number[] =>
  Array.from({ length }, (_, index) => value(index));

test('equal values share the mean of their ranks', () => {
  expect(rank([3, 1, 3, 2])).toEqual({ ranks: [3.5, 1, 3.5, 2], ties: [1, 1, 2] });
});

describe('Mann–Whitney', () => {
  test('the distribution is the table of Mann and Whitney (1947)', () => {
    const cdf = (m: number, n: number, u: number): number =>
      atMost(
        rankSumDistribution(
          m,
          range(m + n, () => 1),
        ),
        u + (m * (m + 1)) / 2,
      );
    expect(cdf(1, 3, 2)).toBeCloseTo(0.75, 6);
    expect(cdf(3, 3, 4)).toBeCloseTo(0.5, 6);
    expect(cdf(4, 5, 3)).toBeCloseTo(0.055556, 6);
    expect(cdf(5, 5, 5)).toBeCloseTo(0.075397, 6);
  });

  const [s1, s2, s3, s4] = [
    [2, 1, 3, 5],
    [12, 11, 13, 15],
    [0, 4, 6, 7],
    [2, 2, 2, 2],
  ];
  test.each([
    ['apart', s1, s2, 0, 0.028571428571428577],
    ['interleaved', s1, s3, 5, 0.48571428571428577],
    ['the same', s1, s1, 8, 1],
    ['tied', s1, s4, 10, 0.7142857142857143],
  ] as const)('small groups, %s, as benchstat has them', (_, a, b, u, p) => {
    const result = mannWhitney(a ?? [], b ?? []);
    expect(result.exact).toBe(true);
    expect(result.statistic).toBe(u);
    expect(result.p).toBeCloseTo(p, 12);
  });

  test('large groups, with and without ties, as benchstat has them', () => {
    const l1 = range(500, (index) => 2 * index);
    const l2 = range(600, (index) => 2 * index - 41);
    const l3 = l2.map((value, index) => (index < 30 ? (l1[index] ?? 0) : value));
    expect(mannWhitney(l1, l2).p).toBeCloseTo(0.0049335360814172224, 9);
    expect(mannWhitney(l1, l3).p).toBeCloseTo(0.0038703814239617884, 9);
    expect(mannWhitney(l1, l1).p).toBe(1);
  });

  test("the example of R's wilcox.test: W = 35, one-sided 0.1272", () => {
    const x = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const y = [1.15, 0.88, 0.9, 0.74, 1.21];
    const { statistic, p } = mannWhitney(x, y);
    expect(statistic).toBe(35);
    expect(p / 2).toBeCloseTo(0.1272, 4);
  });

  test('an empty group is refused', () => {
    expect(() => mannWhitney([], [1])).toThrow(RangeError);
  });
});

describe('signed ranks', () => {
  const x = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
  const y = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
  const differences = x.map((value, index) => value - (y[index] ?? 0));

  test("the example of R's wilcox.test: V = 40, one-sided 0.01953", () => {
    const { statistic, p, exact } = signedRank(differences);
    expect({ statistic, exact }).toEqual({ statistic: 40, exact: true });
    expect(p / 2).toBeCloseTo(0.01953, 5);
  });

  test('zeros are left out, and nothing else says nothing', () => {
    expect(signedRank([0, 0]).p).toBe(1);
    expect(signedRank([0, ...differences]).p).toBe(signedRank(differences).p);
  });

  test('many differences: the normal distribution is close to the exact one', () => {
    const random = seededRandom(5);
    const many = range(61, () => normal(random) + 0.3);
    const fewer = many.slice(0, 60);
    expect(signedRank(many).exact).toBe(false);
    expect(Math.abs(Math.log(signedRank(many).p / signedRank(fewer).p))).toBeLessThan(0.7);
  });

  test('the estimate of Hodges and Lehmann is 0.46 there, with an interval around it', () => {
    const { estimate, lower, upper } = shiftOfPairs(differences);
    expect(estimate).toBeCloseTo(0.46, 2);
    expect(lower).toBeLessThan(estimate);
    expect(upper).toBeGreaterThan(estimate);
  });
});

test('a shift of groups lies in its interval, and few observations give none', () => {
  const random = seededRandom(11);
  const before = range(20, () => normal(random));
  const after = range(20, () => normal(random) + 2);
  const { estimate, lower, upper } = shiftOfGroups(before, after);
  expect(lower).toBeLessThan(2);
  expect(upper).toBeGreaterThan(2);
  expect(Math.abs(estimate - 2)).toBeLessThan(1);
  expect(shiftOfGroups([1, 2], [3, 4]).lower).toBeNull();
  expect(
    shiftOfGroups(
      range(50, (index) => index),
      range(50, (index) => index + 10),
    ).lower,
  ).toBeLessThan(10);
});

test('Holm: the smallest is multiplied most, and the order stays', () => {
  expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  expect(holm([])).toEqual([]);
});

const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Runs in turn with the noise that was measured, and a slow-down of the second. */
function simulated(random: Random, pairs: number, noise: number, effects: readonly number[]): MetricGroups[] {
  return effects.map((effect, index) => ({
    name: `metric ${index}`,
    unit: 'ms',
    better: 'lower',
    before: range(pairs, () => 100 * Math.exp(noise * normal(random))),
    after: range(pairs, () => 100 * (1 + effect) * Math.exp(noise * normal(random))),
  }));
}

describe('interleaved runs, 1,000 simulated histories with a noise of 6 to 9 %', () => {
  const METRICS = 5;
  const options = { paired: true, minimumEffect: 0.05 };
  const worse = (metrics: readonly MetricGroups[]) => compareMetrics(metrics, options).map(({ verdict }) => verdict);

  test('a slow-down of 10 % is reported in nine of ten at the recommended number of pairs', () => {
    const random = seededRandom(1);
    let found = 0;
    for (let history = 0; history < 1_000; history += 1) {
      const noise = 0.06 + 0.03 * random();
      const pairs = pairsNeeded({ noise, effect: 0.1, minimumEffect: options.minimumEffect, metrics: METRICS });
      if (worse(simulated(random, pairs, noise, [0.1, 0, 0, 0, 0]))[0] === 'worse') found += 1;
    }
    expect(found).toBeGreaterThanOrEqual(900);
  });

  test('runs of one system are told apart in at most one of twenty', () => {
    const random = seededRandom(2);
    let alarms = 0;
    for (let history = 0; history < 1_000; history += 1) {
      const noise = 0.06 + 0.03 * random();
      const pairs = pairsNeeded({ noise, effect: 0.1, minimumEffect: options.minimumEffect, metrics: METRICS });
      if (worse(simulated(random, pairs, noise, [0, 0, 0, 0, 0])).some((verdict) => verdict !== 'no change shown'))
        alarms += 1;
    }
    expect(alarms).toBeLessThanOrEqual(50);
  });
});

describe('verdicts on metrics', () => {
  const groups = (before: number[], after: number[], better: 'lower' | 'higher' = 'lower'): MetricGroups[] => [
    { name: 'P95', unit: 'ms', better, before, after },
  ];
  const [low, high] = [range(6, (index) => 100 + index), range(6, (index) => 120 + index)];
  const options = { paired: false, minimumEffect: 0.05 };

  test('worse, better, and the other way round for throughput', () => {
    expect(compareMetrics(groups(low, high), options)[0]?.verdict).toBe('worse');
    expect(compareMetrics(groups(high, low), options)[0]?.verdict).toBe('better');
    expect(compareMetrics(groups(low, high, 'higher'), options)[0]?.verdict).toBe('better');
  });

  test('a significant change below the minimum is none', () => {
    const slightly = low.map((value) => value * 1.02 + 4);
    expect(compareMetrics(groups(low, slightly), { ...options, minimumEffect: 0.2 })[0]?.verdict).toBe(
      'no change shown',
    );
  });

  test('too few runs are inconclusive, and it says how many are needed', () => {
    const [few] = compareMetrics(groups([100, 110], [150, 160]), options);
    expect(few?.verdict).toBe('inconclusive');
    expect(few?.reason).toMatch(/about \d+ of each would show 10 %/);
    expect(compareMetrics(groups([], [1]), options)[0]?.reason).toContain('no run');
    expect(compareMetrics(groups([0, 1], [1, 2]), options)[0]?.reason).toContain('not above 0');
  });

  test('pairs need partners', () => {
    expect(() => compareMetrics(groups([1, 2], [1]), { ...options, paired: true })).toThrow(RangeError);
  });
});
