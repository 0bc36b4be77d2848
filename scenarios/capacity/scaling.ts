/** What searches with different numbers of instances say together: a law, that replicas make no difference, or nothing. */
import jStat from 'jstat';

import type { Random } from '../../measurement/random.ts';
import { CONFIDENCE } from '../../measurement/statistics.ts';
import { fitUsl, PREDICTS_FROM } from '../../measurement/usl.ts';
import type { UslPoint } from '../../measurement/usl.ts';
import type { CapacityResult, Estimate, ScalingLaw, ScalingPoint, ScalingResult } from '../../reports/record/types.ts';
import { PROCESSOR } from './ran-out.ts';

/** A search with its number of instances. */
export type ScaledCapacity = Pick<CapacityResult, 'lower_perS' | 'upper_perS' | 'ranOut'> & {
  readonly replicas: number;
};

/** A point whose capacity has both ends. */
interface Bounded {
  readonly replicas: number;
  readonly lower: number;
  readonly upper: number;
}

type Finding = Pick<ScalingResult, 'shows' | 'statement' | 'law'>;

/** Makes one result of all searches. */
export function scalingOf(
  searched: readonly ScaledCapacity[],
  random: Random,
): Finding & Pick<ScalingResult, 'points'> {
  const points = searched.map(({ replicas, lower_perS, upper_perS, ranOut }): ScalingPoint => ({
    replicas,
    lower_perS,
    upper_perS,
    ranOut,
  }));
  const bounded = points.flatMap(({ replicas, lower_perS, upper_perS }) =>
    lower_perS === null || upper_perS === null ? [] : [{ replicas, lower: lower_perS, upper: upper_perS }],
  );
  const open = points.filter(({ lower_perS, upper_perS }) => lower_perS === null || upper_perS === null);
  const left = open.map(({ replicas }) => replicas).join(', ');
  const finding = findingOf(bounded, points, random);
  const lacking = left === '' ? '' : ` Left out, because the search found only one end or none: N = ${left}.`;
  return { points, ...finding, statement: `${finding.statement}${lacking}` };
}

function findingOf(bounded: readonly Bounded[], points: readonly ScalingPoint[], random: Random): Finding {
  if (new Set(bounded.map(({ replicas }) => replicas)).size < 2)
    return { shows: 'nothing', statement: 'Fewer than two numbers of instances have a capacity with both ends.' };
  if (overlap(bounded)) return withoutDifference(bounded, points);
  try {
    return lawOf(bounded, random);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { shows: 'nothing', statement: `No law fits: ${error.message}.` };
  }
}

/** Whether one rate lies in every interval: intervals that overlap pair by pair have one in common. */
function overlap(bounded: readonly Bounded[]): boolean {
  return Math.max(...bounded.map(({ lower }) => lower)) <= Math.min(...bounded.map(({ upper }) => upper));
}

/** That is only a statement when the intervals are narrow enough to exclude linear growth. */
function withoutDifference(bounded: readonly Bounded[], points: readonly ScalingPoint[]): Finding {
  const ordered = bounded.toSorted((a, b) => a.replicas - b.replicas);
  const [fewest, most] = [ordered[0], ordered.at(-1)];
  if (!fewest || !most) throw new RangeError('no points');
  const linear = most.replicas / fewest.replicas;
  const growth = most.upper / fewest.lower;
  const numbers = [...new Set(ordered.map(({ replicas }) => replicas))].join(', ');
  const seen = `the intervals of N = ${numbers} overlap, and from ${String(fewest.replicas)} to ${String(most.replicas)} the rate may have grown ${figure(growth)} times at most (linear: ${figure(linear)})`;
  if (growth >= linear)
    return {
      shows: 'nothing',
      statement: `The intervals are too wide: ${seen}. More steps (--steps) narrow them.`,
    };
  const processor = points.every(({ ranOut }) => ranOut.startsWith(PROCESSOR));
  const cause = processor ? `${PROCESSOR} ran out with each of them` : 'see what ran out with each of them';
  return { shows: 'no difference', statement: `Replicas made no difference that could be told: ${seen}; ${cause}.` };
}

/** The two-sided quantile that turns an interval into a standard deviation. */
const DEVIATIONS = 2 * jStat.normal.inv((1 + CONFIDENCE) / 2, 0, 1);

function lawOf(bounded: readonly Bounded[], random: Random): Finding {
  const measured = bounded.map(({ replicas, lower, upper }): UslPoint => ({
    n: replicas,
    rate_perS: (lower + upper) / 2,
    sd_perS: (upper - lower) / DEVIATIONS,
  }));
  const { different, lambda_perS, sigma, kappa, peak_replicas, peak_perS } = fitUsl(measured, random);
  const law: ScalingLaw = { lambda_perS, sigma, kappa, peak_replicas, peak_perS };
  return { shows: 'law', law, statement: lawInWords(law, different) };
}

function lawInWords(law: ScalingLaw, different: number): string {
  const peak =
    law.peak_replicas.value === null
      ? `no peak (up to ${inWords(law.peak_perS, '/s')} however many)`
      : `most with ${inWords(law.peak_replicas, '')} instances, ${inWords(law.peak_perS, '/s')}`;
  const reach =
    different < PREDICTS_FROM
      ? ` Fewer than ${String(PREDICTS_FROM)} different numbers were measured: this describes them and predicts nothing.`
      : '';
  return `λ ${inWords(law.lambda_perS, '/s')}, σ ${inWords(law.sigma, '')}, κ ${inWords(law.kappa, '')}: ${peak}.${reach}`;
}

/** `120/s (110 to 130)` */
function inWords({ value, lower, upper }: Estimate, unit: string): string {
  const known = (bound: number | null): string => (bound === null ? '∞' : figure(bound));
  return `${known(value)}${value === null ? '' : unit} (${known(lower)} to ${known(upper)})`;
}

const figure = (value: number): string => String(Number(value.toPrecision(3)));
