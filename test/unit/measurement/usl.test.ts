import { describe, expect, test } from 'vitest';
import { nonNegativeLeastSquares } from '../../../measurement/nnls.ts';
import { seededRandom } from '../../../measurement/random.ts';
import type { Random } from '../../../measurement/random.ts';
import type { Estimate } from '../../../reports/record/types.ts';
import { fitUsl, uslRate } from '../../../measurement/usl.ts';
import type { UslParameters, UslPoint } from '../../../measurement/usl.ts';

const law = (lambda_perS: number, sigma: number, kappa: number): UslParameters => ({ lambda_perS, sigma, kappa });

const exactly = (truth: UslParameters, ns: readonly number[]): UslPoint[] =>
  ns.map((n) => ({ n, rate_perS: uslRate(truth, n), sd_perS: 0 }));

const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const noisy = (truth: UslParameters, ns: readonly number[], noise: number, random: Random): UslPoint[] =>
  ns.map((n) => {
    const rate_perS = uslRate(truth, n);
    return { n, rate_perS: rate_perS * (1 + noise * normal(random)), sd_perS: rate_perS * noise };
  });

/** Infinity lies in an interval whose upper bound is open. */
const holds = ({ lower, upper }: Estimate, truth: number): boolean =>
  (lower === null ? truth === Number.POSITIVE_INFINITY : lower <= truth * (1 + 1e-9)) &&
  (upper === null || upper >= truth * (1 - 1e-9));

describe('without noise the law is recovered', () => {
  test.each([
    ['contention and coherency', law(100, 0.05, 0.002), [1, 2, 3, 4]],
    ['many instances', law(995.6, 0.0267, 0.000769), [1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64]],
    ['coherency alone', law(3, 0, 0.01), [1, 2, 4]],
    ['no single instance', law(50, 0.1, 0.01), [2, 3, 5, 7]],
    ['an instance measured twice', law(50, 0.1, 0.01), [1, 2, 2, 4, 1]],
  ])('%s', (_, truth, ns) => {
    const { parameters, peak_replicas, peak_perS, different } = fitUsl(exactly(truth, ns), seededRandom(1));
    for (const name of ['lambda_perS', 'sigma', 'kappa'] as const) expect(parameters[name]).toBeCloseTo(truth[name], 8);
    const peak = Math.sqrt((1 - truth.sigma) / truth.kappa);
    expect(peak_replicas.value).toBeCloseTo(peak, 6);
    expect(peak_perS.value).toBeCloseTo(uslRate(truth, peak), 6);
    expect(different).toBe(new Set(ns).size);
  });

  test('linear data: no contention, no coherency, no peak', () => {
    const fit = fitUsl(exactly(law(100, 0, 0), [1, 2, 3, 4]), seededRandom(1));
    expect(fit.parameters).toMatchObject({ sigma: 0, kappa: 0 });
    expect(fit.parameters.lambda_perS).toBeCloseTo(100, 8);
    expect(fit.peak_replicas.value).toBeNull();
    expect(fit.peak_perS.value).toBeNull();
  });

  test('contended data (Amdahl): throughput comes near to λ/σ and has no peak', () => {
    const fit = fitUsl(exactly(law(100, 0.25, 0), [1, 2, 4, 8]), seededRandom(1));
    expect(fit.parameters.kappa).toBe(0);
    expect(fit.parameters.sigma).toBeCloseTo(0.25, 8);
    expect(fit.peak_replicas).toMatchObject({ value: null, upper: null });
    expect(fit.peak_perS.value).toBeCloseTo(400, 6);
  });

  test('two different numbers cannot tell coherency from contention: the intervals hold both', () => {
    const fit = fitUsl(exactly(law(100, 0.1, 0.05), [1, 4]), seededRandom(1));
    expect(fit.parameters.kappa).toBe(0);
    expect(uslRate(fit.parameters, 4)).toBeCloseTo(uslRate(law(100, 0.1, 0.05), 4), 8);
    for (const [name, most] of [
      ['sigma', 0.3],
      ['kappa', 0.075],
    ] as const) {
      expect(fit[name].lower).toBeCloseTo(0, 8);
      expect(fit[name].upper).toBeCloseTo(most, 5);
    }
    expect(fit.peak_replicas).toMatchObject({ value: null, upper: null });
    expect(fit.peak_replicas.lower).toBeCloseTo(Math.sqrt(1 / 0.075), 4);
  });

  test('more than linear data are held at linear', () => {
    const points = [1, 2, 4].map((n) => ({ n, rate_perS: 100 * n ** 1.2, sd_perS: 5 }));
    const { parameters } = fitUsl(points, seededRandom(1));
    expect(parameters).toMatchObject({ sigma: 0, kappa: 0 });
  });
});

describe('with noise, 500 simulated data sets', () => {
  test.each([
    ['contention and coherency', law(100, 0.05, 0.002), [1, 2, 4, 8, 16, 32], 0.03],
    ['few instances', law(100, 0.1, 0.02), [1, 2, 3, 4], 0.05],
    ['linear', law(100, 0, 0), [1, 2, 3, 4], 0.05],
    ['contention alone', law(100, 0.4, 0), [1, 2, 4], 0.05],
  ])('%s: the intervals hold the truth in 9 of 10', (_, truth, ns, noise) => {
    const random = seededRandom(20_261_128);
    const sets = 500;
    const covered = { lambda_perS: 0, sigma: 0, kappa: 0 };
    for (let set = 0; set < sets; set += 1) {
      const fit = fitUsl(noisy(truth, ns, noise, random), random, 120);
      for (const name of ['lambda_perS', 'sigma', 'kappa'] as const)
        covered[name] += holds(fit[name], truth[name]) ? 1 : 0;
    }
    for (const count of Object.values(covered)) expect(count / sets).toBeGreaterThanOrEqual(0.9);
  });

  test('intervals are no wider than they have to be', () => {
    const fit = fitUsl(noisy(law(100, 0.05, 0.002), [1, 2, 4, 8, 16, 32], 0.01, seededRandom(4)), seededRandom(5));
    expect((fit.lambda_perS.upper ?? Infinity) - (fit.lambda_perS.lower ?? 0)).toBeLessThan(8);
    expect(holds(fit.sigma, 0)).toBe(false);
    expect(holds(fit.kappa, 0)).toBe(false);
  });

  test('points that the law does not explain widen the intervals', () => {
    const jagged = [100, 150, 250, 200, 420].map((rate_perS, index) => ({ n: index + 1, rate_perS, sd_perS: 1 }));
    const smooth = exactly(law(100, 0.1, 0), [1, 2, 3, 4, 5]).map((point) => ({ ...point, sd_perS: 1 }));
    const width = (points: readonly UslPoint[]): number => {
      const { lambda_perS } = fitUsl(points, seededRandom(2));
      return (lambda_perS.upper ?? Infinity) - (lambda_perS.lower ?? 0);
    };
    expect(width(jagged)).toBeGreaterThan(5 * width(smooth));
  });

  test('a seed replays the intervals', () => {
    const points = noisy(law(100, 0.05, 0.002), [1, 2, 4, 8], 0.05, seededRandom(6));
    expect(fitUsl(points, seededRandom(7))).toEqual(fitUsl(points, seededRandom(7)));
    expect(fitUsl(points, seededRandom(8)).lambda_perS).not.toEqual(fitUsl(points, seededRandom(7)).lambda_perS);
  });
});

describe('refused', () => {
  const point = (n: number, rate_perS = 100): UslPoint => ({ n, rate_perS, sd_perS: 1 });
  test.each([
    ['N below 1', [point(0), point(1)], /begins with one instance, not with 0/],
    ['a single N', [point(2), point(2), point(2)], /at least two different numbers/],
    ['nothing', [], /at least two different numbers/],
    ['no throughput', [point(1), point(2, 0)], /not a throughput: 0/],
    ['a collapse', [point(2, 300), point(3, 100), point(4, 10)], /falls so steeply/],
  ])('%s', (_, points, message) => {
    expect(() => fitUsl(points, seededRandom(1))).toThrow(message);
  });
});

describe('least squares without negative coefficients', () => {
  test('what a free fit would make negative is left out', () => {
    // y = 2 − x: the best without a negative slope is the mean.
    const equations = [0, 1, 2].map((x) => ({ at: [1, x], y: 2 - x }));
    expect(nonNegativeLeastSquares(equations)).toEqual([1, 0]);
  });

  test('columns that depend on each other do no harm', () => {
    const [a = 0, b = 0] = nonNegativeLeastSquares([1, 2, 3].map((x) => ({ at: [x, 2 * x], y: 4 * x })));
    expect(a + 2 * b).toBeCloseTo(4, 12);
  });

  test('nothing fits better than nothing', () => {
    expect(nonNegativeLeastSquares([{ at: [1, 1], y: -1 }])).toEqual([0, 0]);
    expect(() => nonNegativeLeastSquares([])).toThrow(RangeError);
  });
});
