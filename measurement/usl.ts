/**
 * The Universal Scalability Law: N. J. Gunther, "Guerrilla Capacity Planning" (2007), chapter 4.
 *
 *     X(N) = λN / (1 + σ(N − 1) + κN(N − 1))
 *
 * λ is what one instance carries, σ the share of work that has to queue (contention, Amdahl),
 * κ what keeping instances in step costs (coherency). N/X is linear in (1 − σ)/λ, σ/λ and κ/λ
 * on the basis 1, N and N(N − 1), so a non-negative fit there keeps 0 ≤ σ ≤ 1 and κ ≥ 0.
 */
import jStat from 'jstat';

import type { Estimate, ScalingLaw } from '../reports/record/types.ts';
import { nonNegativeLeastSquares } from './nnls.ts';
import type { Random } from './random.ts';
import { CONFIDENCE } from './statistics.ts';

/** What so many instances carry, with the standard deviation of that figure; 0 for all where it is exact. */
export interface UslPoint {
  readonly n: number;
  readonly rate_perS: number;
  readonly sd_perS: number;
}

export interface UslParameters {
  readonly lambda_perS: number;
  /** 0–1 */
  readonly sigma: number;
  /** From 0 on. */
  readonly kappa: number;
}

export interface UslFit extends ScalingLaw {
  readonly parameters: UslParameters;
  /** Different N. */
  readonly different: number;
}

/** Fewer different N than this describe: the law has three parameters. */
export const PREDICTS_FROM = 4;

/** Throughput of `n` instances by the law, per second. */
export function uslRate({ lambda_perS, sigma, kappa }: UslParameters, n: number): number {
  return (lambda_perS * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1));
}

const RESAMPLES = 1_000;
/** No draw falls below this share of its rate: throughput is positive. */
const LEAST = 1e-3;

/**
 * Fits the law by weighted least squares. With two different N there is no telling κ, which is
 * left at 0. Intervals come from a parametric bootstrap: throughputs are drawn anew around the
 * law with the deviation of each point, widened where the points lie further from the law than
 * their deviations explain (R. T. Birge, Phys. Rev. 40 (1932) 207).
 *
 * @throws RangeError for N below 1, throughputs that are not positive, or a single N
 */
export function fitUsl(points: readonly UslPoint[], random: Random, resamples = RESAMPLES): UslFit {
  for (const { n, rate_perS, sd_perS } of points) {
    if (!(n >= 1)) throw new RangeError(`the law begins with one instance, not with ${String(n)}`);
    if (!(rate_perS > 0 && sd_perS >= 0))
      throw new RangeError(`not a throughput: ${String(rate_perS)}/s with a deviation of ${String(sd_perS)}/s`);
  }
  const different = new Set(points.map(({ n }) => n)).size;
  if (different < 2) throw new RangeError('a law needs at least two different numbers of instances');
  const parameters = lawThrough(points);
  if (!Number.isFinite(parameters.lambda_perS))
    throw new RangeError('throughput falls so steeply with more instances that the law has no rate for one');
  const widening = birgeRatio(points, parameters);
  const drawn = Array.from({ length: resamples }, () => lawOfDraw(points, parameters, widening, random));
  const estimate = (of: (one: UslParameters) => number): Estimate => estimated(of(parameters), drawn.map(of));
  return {
    parameters,
    lambda_perS: estimate(({ lambda_perS }) => lambda_perS),
    sigma: estimate(({ sigma }) => sigma),
    kappa: estimate(({ kappa }) => kappa),
    peak_replicas: estimate(peakN),
    peak_perS: estimate(peakRate),
    different,
  };
}

/** The law through points. How much each weighs follows from where the law has it, not from its own noise. */
function lawThrough(points: readonly UslPoint[]): UslParameters {
  const rough = weighted(points, ({ rate_perS }) => rate_perS);
  return weighted(points, ({ n, rate_perS }) => (Number.isFinite(rough.lambda_perS) ? uslRate(rough, n) : rate_perS));
}

/** Deviations below this share of a rate are none. */
const EXACT = 1e-6;

function weighted(points: readonly UslPoint[], rateOf: (point: UslPoint) => number): UslParameters {
  const columns = Math.min(3, new Set(points.map(({ n }) => n)).size);
  const equations = points.map((point) => {
    const { n, rate_perS, sd_perS } = point;
    const rate = rateOf(point);
    // The deviation of N/X to first order.
    const weight = 1 / ((n / rate) * Math.max(sd_perS / rate, EXACT));
    return { at: [1, n, n * (n - 1)].slice(0, columns).map((x) => x * weight), y: (n / rate_perS) * weight };
  });
  const [free = 0, queued = 0, coherent = 0] = nonNegativeLeastSquares(equations);
  const lambda_perS = 1 / (free + queued);
  return { lambda_perS, sigma: queued * lambda_perS, kappa: coherent * lambda_perS };
}

/** How much further the points lie from the law than their deviations explain; at least 1. */
function birgeRatio(points: readonly UslPoint[], law: UslParameters): number {
  const freedom = points.length - 3;
  if (freedom < 1 || points.some(({ sd_perS }) => sd_perS === 0)) return 1;
  const chi2 = points.reduce((sum, { n, rate_perS, sd_perS }) => sum + ((rate_perS - uslRate(law, n)) / sd_perS) ** 2, 0);
  return Math.max(1, Math.sqrt(chi2 / freedom));
}

/** The law through throughputs that are drawn around another. */
function lawOfDraw(points: readonly UslPoint[], law: UslParameters, widening: number, random: Random): UslParameters {
  const drawn = points.map(({ n, sd_perS }): UslPoint => {
    const rate_perS = uslRate(law, n);
    const normal = jStat.normal.inv(Math.max(random(), Number.EPSILON), 0, 1);
    return { n, rate_perS: Math.max(LEAST * rate_perS, rate_perS + widening * sd_perS * normal), sd_perS };
  });
  return weighted(drawn, ({ n }) => uslRate(law, n));
}

function peakN({ sigma, kappa }: UslParameters): number {
  return kappa === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.sqrt((1 - sigma) / kappa));
}

function peakRate(law: UslParameters): number {
  const n = peakN(law);
  return Number.isFinite(n) ? uslRate(law, n) : law.lambda_perS / law.sigma;
}

function estimated(value: number, drawn: readonly number[]): Estimate {
  const tail = (1 - CONFIDENCE) / 2;
  const known = (figure: number): number | null => (Number.isFinite(figure) ? figure : null);
  // By rank, not between ranks: infinity lies between none.
  const sorted = drawn.toSorted((a, b) => a - b);
  const rank = (p: number): number => sorted[Math.round((sorted.length - 1) * p)] ?? Number.NaN;
  return { value: known(value), lower: known(rank(tail)), upper: known(rank(1 - tail)) };
}
