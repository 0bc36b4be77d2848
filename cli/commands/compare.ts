import { Command } from 'commander';
import type { MetricComparison } from '../../measurement/comparison/compare.ts';
import type { RunsComparison } from '../run/compare.ts';
import { EXIT } from '../exit.ts';
import { share } from '../options.ts';
import { RUNS_DIR } from '../run/run-folder.ts';

interface Options {
  readonly minimum: number;
  readonly paired: boolean;
  readonly mixed: boolean;
  readonly json: boolean;
}

/** `gateproof compare`: whether one group of runs is slower than another, and which verdicts changed. */
export function compare(done: (exitCode: number) => void): Command {
  return new Command('compare')
    .description('compare runs: exit code 1 when a figure got worse or a verdict turned from conforms to deviates')
    .argument('<before>', 'a run, or several with commas between: names, their beginnings, or paths')
    .argument('<after>', 'likewise')
    .option('--minimum <share>', 'smallest change that matters, such as 5%', share, 0.05)
    .option('--paired', 'runs were made in turn: the first before with the first after, and so on', false)
    .option('--mixed', 'compare runs of different machines or versions all the same', false)
    .option('--json', 'print the comparison for programs', false)
    .addHelpText(
      'after',
      '\nExamples:\n  gateproof compare 20260131t0915 latest\n  gateproof compare r1,r3,r5,r7 r2,r4,r6,r8 --paired --minimum 10%',
    )
    .action(async (before: string, after: string, { minimum, paired, mixed, json }: Options) => {
      const { compareRuns } = await import('../run/compare.ts');
      const request = { before: before.split(','), after: after.split(','), minimumEffect: minimum, paired, mixed };
      const comparison = compareRuns(request, RUNS_DIR);
      if (json) console.log(JSON.stringify(comparison, null, 2));
      else for (const line of comparisonLines(comparison)) console.log(line);
      done(exitCodeOf(comparison));
    });
}

/** 1 when something got worse, 2 when nothing could be told of a metric, else 0. */
export function exitCodeOf({ metrics, verdicts }: RunsComparison): number {
  const broken = verdicts.some(({ was, is }) => was === 'conforms' && is === 'deviates');
  if (broken || metrics.some(({ verdict }) => verdict === 'worse')) return EXIT.newDeviation;
  return metrics.some(({ verdict }) => verdict === 'inconclusive') ? EXIT.open : EXIT.ok;
}

/** The comparison in words: what changed first. */
export function comparisonLines({ metrics, verdicts, differences }: RunsComparison): readonly string[] {
  return [
    ...(differences.length === 0 ? [] : [`Not made alike: ${differences.join('; ')}`, '']),
    verdicts.length === 0 ? 'No verdict changed.' : `Verdicts that changed: ${String(verdicts.length)}`,
    ...verdicts.map(({ claim, was, is }) => `  ${claim}: ${was} → ${is}`),
    '',
    metrics.length === 0 ? 'No scenario ran on both sides.' : 'Figures of scenarios:',
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
