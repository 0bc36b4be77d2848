/** A comparison of runs in words, and its exit code. */
import type { MetricComparison } from '../measurement/comparison/compare.ts';
import { EXIT } from './exit.ts';
import type { RunsComparison } from './run/compare.ts';

/** Pairs of a comparison in turn. */
export interface Pairs {
  readonly asked: number;
  readonly made: number;
}

/**
 * 1 when something got worse, 2 when nothing could be told of a metric, else 0.
 *
 * @param pairs of runs that were made to be compared: then loads without a figure, or fewer pairs than asked, tell nothing
 */
export function exitCodeOfComparison({ metrics, verdicts, loads }: RunsComparison, pairs?: Pairs): number {
  const broken = verdicts.some(({ was, is }) => was === 'conforms' && is === 'deviates');
  if (broken || metrics.some(({ verdict }) => verdict === 'worse')) return EXIT.newDeviation;
  if (metrics.length === 0 && (loads || pairs)) return EXIT.open;
  if (pairs && pairs.made < pairs.asked) return EXIT.open;
  return metrics.some(({ verdict }) => verdict === 'inconclusive') ? EXIT.open : EXIT.ok;
}

/** The comparison in words: what changed first. */
export function runsComparisonLines(
  { metrics, verdicts, loads, differences }: RunsComparison,
  pairs?: Pairs,
): readonly string[] {
  const without = loads ? 'No load could be judged: there is no figure to compare.' : 'There is no load to compare.';
  return [
    ...(pairs && pairs.made < pairs.asked
      ? [`Only ${String(pairs.made)} of ${String(pairs.asked)} pairs were made.`, '']
      : []),
    ...(differences.length === 0 ? [] : [`Not made alike: ${differences.join('; ')}`, '']),
    verdicts.length === 0 ? 'No verdict changed.' : `Verdicts that changed: ${String(verdicts.length)}`,
    ...verdicts.map(({ claim, was, is }) => `  ${claim}: ${was} → ${is}`),
    '',
    metrics.length === 0 ? without : 'Figures of scenarios:',
    ...metrics.map(metricLine),
  ];
}

function metricLine({ name, verdict, change, p, reason }: MetricComparison): string {
  const parts = [
    ...(change === null ? [] : [`${percent(change.estimate)}${interval(change)}`]),
    ...(p === null ? [] : [`p ${p < 0.001 ? '< 0.001' : p.toFixed(3)}`]),
    ...(reason === undefined ? [] : [reason]),
  ];
  return `  ${name}: ${verdict} (${parts.join(', ')})`;
}

function interval({ lower, upper }: NonNullable<MetricComparison['change']>): string {
  return lower === null || upper === null ? '' : ` [${percent(lower)} to ${percent(upper)}]`;
}

const percent = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value * 100).toFixed(1)} %`;
