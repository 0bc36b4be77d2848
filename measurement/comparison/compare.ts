/** Two groups of runs, metric by metric: significance and a minimum effect, corrected for looking at many. */
import { holm } from './holm.ts';
import { mannWhitney } from './mann-whitney.ts';
import { pairsNeeded } from './pairs-needed.ts';
import { shiftOfGroups, shiftOfPairs } from './shift.ts';
import type { Shift } from './shift.ts';
import { signedRank } from './signed-rank.ts';
import { CONFIDENCE } from '../statistics.ts';

/** Values of one metric, one for each run. */
export interface MetricGroups {
  readonly name: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** Above 0: changes are ratios. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export type ComparisonVerdict = 'worse' | 'better' | 'no change shown' | 'inconclusive';

export interface MetricComparison {
  readonly name: string;
  readonly unit: string;
  readonly verdict: ComparisonVerdict;
  /** Relative change of `after` against `before`, such as 0.1 for 10 % more. */
  readonly change: Shift | null;
  /** Two-sided, corrected for the number of metrics; null where nothing was tested. */
  readonly p: number | null;
  readonly reason?: string;
}

export interface CompareOptions {
  /** Runs in turn, each `before` with its `after`: the paired test. */
  readonly paired: boolean;
  /** Smallest relative change that matters. */
  readonly minimumEffect: number;
  /** Largest probability of a false alarm over all metrics. */
  readonly alpha?: number;
}

const ALPHA = 1 - CONFIDENCE;

/**
 * A metric is worse, or better, when the difference is significant after Holm's correction and its estimate is
 * at least the minimum effect. With so few runs that nothing could be significant it is inconclusive.
 *
 * @throws {RangeError} when paired groups differ in size
 */
export function compareMetrics(metrics: readonly MetricGroups[], options: CompareOptions): readonly MetricComparison[] {
  const { alpha = ALPHA, minimumEffect } = options;
  const tested = metrics.map((metric) => ({ metric, ...test(metric, options) }));
  const countable = tested.filter(({ why }) => why === null);
  const corrected = holm(countable.map(({ p }) => p));
  const correctedOf = new Map(countable.map(({ metric }, index) => [metric, corrected[index] ?? 1]));
  return tested.map(({ metric, shift, why, leastP }) => {
    const { name, unit, better } = metric;
    if (why !== null) return { name, unit, verdict: 'inconclusive', change: null, p: null, reason: why };
    const p = correctedOf.get(metric) ?? 1;
    const change = relative(shift);
    if (leastP * countable.length > alpha)
      return { name, unit, verdict: 'inconclusive', change, p, reason: tooFew(metric, countable.length, options) };
    if (p > alpha || Math.abs(change.estimate) < minimumEffect)
      return { name, unit, verdict: 'no change shown', change, p };
    return { name, unit, verdict: change.estimate > 0 === (better === 'lower') ? 'worse' : 'better', change, p };
  });
}

interface Tested {
  readonly p: number;
  /** Of logarithms. */
  readonly shift: Shift;
  /** The smallest probability that so many runs could give. */
  readonly leastP: number;
  /** Why nothing could be tested. */
  readonly why: string | null;
}

function test({ before, after }: MetricGroups, { paired }: CompareOptions): Tested {
  const nothing = { p: 1, shift: { estimate: 0, lower: null, upper: null }, leastP: 1 };
  if (before.length === 0 || after.length === 0) return { ...nothing, why: 'one side has no run with this metric' };
  if ([...before, ...after].some((value) => !(value > 0)))
    return { ...nothing, why: 'a value is not above 0: there is no ratio' };
  const [a, b] = [before.map(Math.log), after.map(Math.log)];
  if (!paired) {
    const leastP = 2 / binomial(a.length + b.length, a.length);
    return { p: mannWhitney(a, b).p, shift: shiftOfGroups(a, b), leastP, why: null };
  }
  if (a.length !== b.length) throw new RangeError(`${a.length} runs before and ${b.length} after make no pairs`);
  const differences = b.map((value, index) => value - (a[index] ?? 0));
  return {
    p: signedRank(differences).p,
    shift: shiftOfPairs(differences),
    leastP: 2 ** (1 - differences.length),
    why: null,
  };
}

/** From a shift of logarithms to a change in shares. */
function relative({ estimate, lower, upper }: Shift): Shift {
  const share = (value: number | null): number | null => (value === null ? null : Math.expm1(value));
  return { estimate: Math.expm1(estimate), lower: share(lower), upper: share(upper) };
}

function tooFew(
  { before, after }: MetricGroups,
  metrics: number,
  { minimumEffect, alpha = ALPHA }: CompareOptions,
): string {
  const noise = Math.max(variation(before), variation(after));
  const runs = `${before.length} and ${after.length} runs are too few to show anything`;
  if (noise === 0) return runs;
  // An effect at the minimum itself is found in half of all cases, however many runs there are.
  const effect = Math.max(0.02, 2 * minimumEffect);
  const needed = pairsNeeded({ noise, effect, minimumEffect, metrics, alpha });
  return `${runs}; about ${needed} of each would show ${(effect * 100).toFixed(0)} %`;
}

/** Coefficient of variation; 0 with fewer than two values. */
function variation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1)) / mean;
}

function binomial(n: number, k: number): number {
  let ways = 1;
  for (let index = 1; index <= k; index += 1) ways = (ways * (n - k + index)) / index;
  return ways;
}
