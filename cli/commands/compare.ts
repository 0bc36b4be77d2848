import { Command } from 'commander';
import { share } from '../options.ts';
import { RUNS_DIR } from '../run/run-folder.ts';
import { exitCodeOfComparison, runsComparisonLines } from '../show-runs-comparison.ts';

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
    .option('--mixed', 'compare runs of different machines, versions or loads all the same', false)
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
      else for (const line of runsComparisonLines(comparison)) console.log(line);
      done(exitCodeOfComparison(comparison));
    });
}
