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

/** What so many instances carry, with the standard deviation of that figure; 0 where it is exact. */
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

interface UslFit extends ScalingLaw {
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

/**
 * Fits the law by weighted least squares. Two different N cannot tell κ from σ: the value is that
 * without κ, and the intervals reach from all contention to all coherency. They come from a parametric bootstrap, widened where the points lie further
 * from the law than their deviations explain (R. T. Birge, Phys. Rev. 40 (1932) 207).
 *
 * At the bounds of the parameters a bootstrap is too narrow: where κ is 0, a fit that takes noise
 * for κ has too little σ. So the simpler laws that the points do not reject (no κ, no σ, neither)
 * are drawn from as well, and an interval covers those of all.
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
  const [full = [], ...simpler] = different === 2 ? TERMS.slice(1) : TERMS;
  const parameters = lawThrough(points, full);
  if (!Number.isFinite(parameters.lambda_perS))
    throw new RangeError('throughput falls so steeply with more instances that the law has no rate for one');
  const chi2 = distance(points, parameters);
  const widening = Math.max(1, Math.sqrt(chi2 / Math.max(1, points.length - full.length)));
  const possible = simpler
    .map((terms) => ({ terms, law: lawThrough(points, terms) }))
    .filter(({ law }) => distance(points, law) - chi2 <= REJECTED_FROM * widening ** 2);
  const drawn = [{ terms: full, law: parameters }, ...possible].map(({ terms, law }) =>
    Array.from({ length: resamples }, () => weighted(drawAround(law, points, widening, random), terms, law)),
  );
  const estimate = (of: (one: UslParameters) => number): Estimate =>
    estimated(
      of(parameters),
      drawn.map((laws) => laws.map(of)),
    );
  return {
    parameters,
    lambda_perS: estimate(({ lambda_perS }) => lambda_perS),
    sigma: estimate(({ sigma }) => sigma),
    kappa: estimate(({ kappa }) => kappa),
    peak_replicas: estimate(peakReplicas),
    peak_perS: estimate(peakRate),
    different,
  };
}

/** Terms of N/X, by their place in the basis, that a law may have. The whole law comes first. */
type Terms = readonly number[];
const TERMS: readonly Terms[] = [[0, 1, 2], [0, 1], [0, 2], [0]];

/** A law with one term less is rejected from this growth of chi² on (one degree of freedom). */
const REJECTED_FROM = jStat.normal.inv((1 + CONFIDENCE) / 2, 0, 1) ** 2;

/** Deviations below this share of a rate are none. */
const EXACT = 1e-6;

/** The law through points. How much each weighs follows from where the law has it, not from its own noise. */
function lawThrough(points: readonly UslPoint[], terms: Terms): UslParameters {
  const rough = weighted(points, terms);
  return Number.isFinite(rough.lambda_perS) ? weighted(points, terms, rough) : rough;
}

/** @param near where the points are thought to lie, for their weights; where they are when absent */
function weighted(points: readonly UslPoint[], terms: Terms, near?: UslParameters): UslParameters {
  const equations = points.map(({ n, rate_perS, sd_perS }) => {
    const rate = near ? uslRate(near, n) : rate_perS;
    // The deviation of N/X to first order.
    const weight = 1 / ((n / rate) * Math.max(sd_perS / rate, EXACT));
    const basis = [1, n, n * (n - 1)];
    return { at: terms.map((term) => (basis[term] ?? 0) * weight), y: (n / rate_perS) * weight };
  });
  const found = nonNegativeLeastSquares(equations);
  const of = (term: number): number => found[terms.indexOf(term)] ?? 0;
  const lambda_perS = 1 / (of(0) + of(1));
  return { lambda_perS, sigma: of(1) * lambda_perS, kappa: of(2) * lambda_perS };
}

/** Squared distance of the points from a law, in their deviations. */
function distance(points: readonly UslPoint[], law: UslParameters): number {
  return points.reduce(
    (sum, { n, rate_perS, sd_perS }) =>
      sum + ((rate_perS - uslRate(law, n)) / Math.max(sd_perS, EXACT * rate_perS)) ** 2,
    0,
  );
}

/** No draw falls below this share of its rate: throughput is positive. */
const LEAST = 1e-3;

function drawAround(law: UslParameters, points: readonly UslPoint[], widening: number, random: Random): UslPoint[] {
  return points.map(({ n, sd_perS }) => {
    const rate_perS = uslRate(law, n);
    const normal = jStat.normal.inv(Math.max(random(), Number.EPSILON), 0, 1);
    return { n, rate_perS: Math.max(LEAST * rate_perS, rate_perS + widening * sd_perS * normal), sd_perS };
  });
}

function peakReplicas({ sigma, kappa }: UslParameters): number {
  return kappa === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.sqrt((1 - sigma) / kappa));
}

function peakRate(law: UslParameters): number {
  const n = peakReplicas(law);
  return Number.isFinite(n) ? uslRate(law, n) : law.lambda_perS / law.sigma;
}

/** A value with the interval that covers the middle of each set of draws. */
function estimated(value: number, drawn: readonly (readonly number[])[]): Estimate {
  const tail = (1 - CONFIDENCE) / 2;
  const known = (figure: number): number | null => (Number.isFinite(figure) ? figure : null);
  const sorted = drawn.map((draws) => draws.toSorted((a, b) => a - b));
  // By rank, not between ranks: nothing lies between a number and infinity.
  const at = (p: number): number[] => sorted.map((draws) => draws[Math.round((draws.length - 1) * p)] ?? Number.NaN);
  return { value: known(value), lower: known(Math.min(...at(tail))), upper: known(Math.max(...at(1 - tail))) };
}
