import { Command, Option } from 'commander';
import { requireEnvironment } from '../../environments/ledger/ledger.ts';
import type { ScenarioControl } from '../../reports/record/types.ts';
import { requireName, scenariosOf } from '../found.ts';
import { freshSeed, imageOption, profileOption, seedOption, variantsOf, variantsOption } from '../options.ts';
import type { MeasureOptions } from '../options.ts';
import { typed } from '../typed.ts';

interface Options extends MeasureOptions {
  readonly control?: ScenarioControl;
}

/** `gateproof load`: runs one load scenario and judges its percentiles. */
export function load(done: (exitCode: number) => void): Command {
  return new Command('load')
    .description('load an environment with one scenario and judge the latencies it promises')
    .argument('<environment>', 'name of an environment')
    .argument('<scenario>', 'name of a scenario')
    .addOption(variantsOption())
    .addOption(profileOption())
    .addOption(seedOption())
    .addOption(
      new Option(
        '--control <kind>',
        'show what the verdict is worth: without processor time the gateway must break its promises, and of such a generator nothing may be believed',
      ).choices(['starved-gateway', 'starved-generator']),
    )
    .option('--out <folder>', 'write the run below this folder instead of reports/runs')
    .addOption(imageOption())
    .option('--json', "print the record's summary for programs", false)
    .addHelpText(
      'after',
      `
Examples:
  gateproof load production-gateway ${scenariosOf('production-gateway')[0] ?? '<scenario>'}
  gateproof load production-gateway ${scenariosOf('production-gateway')[0] ?? '<scenario>'} --profile nightly --variant hardened`,
    )
    .action(async (name: string, scenario: string, options: Options) => {
      const environment = requireEnvironment(name);
      requireName('scenario', scenario, scenariosOf(environment));
      const { variant, image, seed, ...rest } = options;
      const { loadCommand } = await import('../run/commands.ts');
      done(
        await loadCommand({
          ...rest,
          environment,
          scenario,
          control: options.control,
          variants: variantsOf(variant),
          images: image,
          seed: seed ?? freshSeed(),
          out: options.out,
          command: typed(),
        }),
      );
    });
}
