import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { UsageError } from '../../environments/ledger/errors.ts';
import { requireEnvironment } from '../../environments/ledger/ledger.ts';
import type { ScenarioControl } from '../../reports/record/types.ts';
import { requireName, scenariosOf } from '../found.ts';
import {
  imageOption,
  measureRequest,
  profileOption,
  seedOption,
  share,
  variantsOption,
  wholeNumber,
} from '../options.ts';
import type { MeasureOptions } from '../options.ts';
import type { Against } from '../requests.ts';

interface Options extends MeasureOptions {
  readonly generators: number;
  readonly remoteWrite: boolean;
  readonly control?: ScenarioControl;
  readonly against?: string;
  readonly pairs: number;
  readonly minimum: number;
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
    .option('--generators <number>', 'containers that share the load, up to 8', wholeNumber(1, 8), 1)
    .option(
      '--remote-write',
      "k6 also writes its samples to the topology's Prometheus, as native histograms; what arrived is compared",
      false,
    )
    .addOption(
      new Option(
        '--control <kind>',
        'show what the verdict is worth: without processor time the gateway must break its promises, and of such a generator nothing may be believed',
      ).choices(['starved-gateway', 'starved-generator']),
    )
    .option(
      '--against <variant or folder>',
      'measure in turn with another variant, or with a configuration of your own, and compare',
    )
    .option('--pairs <number>', 'how often, with --against', wholeNumber(2), 10)
    .option('--minimum <share>', 'smallest change that matters, with --against', share, 0.05)
    .option('--out <folder>', 'write the run below this folder instead of reports/runs')
    .addOption(imageOption())
    .option('--json', "print the record's summary for programs", false)
    .addHelpText(
      'after',
      `
Examples:
  gateproof load production-gateway ${scenariosOf('production-gateway')[0] ?? '<scenario>'}
  gateproof load production-gateway ${scenariosOf('production-gateway')[0] ?? '<scenario>'} --profile nightly --variant hardened
  gateproof load production-gateway api-latency --variant documented --against my/configuration --pairs 12`,
    )
    .action(async (name: string, scenario: string, options: Options) => {
      const environment = requireEnvironment(name);
      requireName('scenario', scenario, scenariosOf(environment));
      const { variant, control, generators, remoteWrite, pairs, minimum: minimumEffect } = options;
      const against =
        options.against === undefined ? undefined : { ...sideOf(options.against, variant), pairs, minimumEffect };
      const { loadCommand } = await import('../run/commands.ts');
      const what = { environment, scenario, generators, remoteWrite, control, against };
      done(await loadCommand({ ...measureRequest(options), ...what }));
    });
}

/** The other side of a comparison. @throws {UsageError} when it is neither a variant nor a folder with a configuration */
function sideOf(against: string, variant: Options['variant']): Pick<Against, 'variant' | 'configuration'> {
  if (variant === 'both') throw new UsageError('A comparison starts from one variant.', 'Add --variant documented.');
  if (against === 'documented' || against === 'hardened') return { variant: against, configuration: undefined };
  if (!existsSync(join(against, 'nginx', 'nginx.conf')))
    throw new UsageError(
      `${against} is neither a variant nor a folder with nginx/nginx.conf.`,
      'Copy the folder of a variant, such as environments/production-gateway/documented, and change the copy.',
    );
  return { variant, configuration: against };
}
