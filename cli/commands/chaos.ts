import { Command, Option } from 'commander';
import { requireEnvironment } from '../../environments/ledger/ledger.ts';
import type { ExperimentControl } from '../../reports/record/types.ts';
import { experimentsOf, requireName } from '../found.ts';
import { imageOption, measureRequest, profileOption, seedOption, variantsOption, wholeNumber } from '../options.ts';
import type { MeasureOptions } from '../options.ts';

interface Options extends MeasureOptions {
  readonly trials?: number;
  readonly control?: ExperimentControl;
  readonly watch: boolean;
}

/** `gateproof chaos`: injects faults and judges what clients saw. */
export function chaos(done: (exitCode: number) => void): Command {
  return new Command('chaos')
    .description('break an environment on purpose and judge what its clients see')
    .argument('<environment>', 'name of an environment')
    .argument('[experiments...]', 'names of experiments; all of them when absent')
    .addOption(variantsOption())
    .addOption(profileOption())
    .option('--trials <number>', 'repetitions, instead of what the profile plans', wholeNumber(1))
    .addOption(
      new Option(
        '--control <kind>',
        'show what an experiment is worth: a sabotaged topology must fail it, a run without the fault must pass it',
      ).choices(['sabotage', 'no-fault']),
    )
    .option('--watch', 'show phase, fault and steady state live; q undoes everything and ends the run', false)
    .addOption(seedOption())
    .option('--out <folder>', 'write the run below this folder instead of reports/runs')
    .addOption(imageOption())
    .option('--json', "print the record's summary for programs", false)
    .addHelpText(
      'after',
      `
Examples:
  gateproof chaos production-gateway
  gateproof chaos production-gateway ${experimentsOf('production-gateway')[0] ?? '<experiment>'} --trials 10`,
    )
    .action(async (name: string, experiments: readonly string[], options: Options) => {
      const environment = requireEnvironment(name);
      const known = experimentsOf(environment);
      for (const experiment of experiments) requireName('experiment', experiment, known);
      const { control, trials, watch } = options;
      const { chaosCommand } = await import('../run/commands.ts');
      done(await chaosCommand({ ...measureRequest(options), environment, experiments, control, trials, watch }));
    });
}
