import { Command, Option } from 'commander';
import { UsageError } from '../../environments/ledger/errors.ts';
import { requireEnvironment } from '../../environments/ledger/ledger.ts';
import type { Profile } from '../../reports/record/types.ts';
import { EXIT } from '../exit.ts';
import { requireName, scenariosOf } from '../found.ts';
import { profileOption, wholeNumber } from '../options.ts';

interface Options {
  readonly url: string;
  readonly parallelism: number;
  readonly image: string;
  readonly remoteWrite?: string;
  readonly profile: Profile;
}

/** The release that the generator image has, too. */
const K6_IMAGE = 'grafana/k6:2.2.0';

/** `gateproof export`: a scenario for other tools. */
export function exportCommand(done: (exitCode: number) => void): Command {
  const operator = new Command('k6-operator')
    .description('print a scenario as ConfigMap, TestRun and ServiceMonitor for the k6 operator')
    .argument('<environment>', 'name of an environment')
    .argument('<scenario>', 'name of a scenario that k6 runs')
    .requiredOption('--url <url>', 'where the cluster reaches the gateway')
    .option('--parallelism <number>', 'pods that share the load', wholeNumber(1), 4)
    .addOption(profileOption())
    .addOption(new Option('--image <reference>', 'image with k6').default(K6_IMAGE))
    .option('--remote-write <url>', 'Prometheus that takes the samples, with native histograms')
    .addHelpText(
      'after',
      `
Examples:
  gateproof export k6-operator production-gateway api-latency --url https://gateway.example > load.yaml
  kubectl apply -f load.yaml`,
    )
    .action(async (name: string, scenario: string, options: Options) => {
      const environment = requireEnvironment(name);
      requireName('scenario', scenario, scenariosOf(environment));
      if (!URL.canParse(options.url))
        throw new UsageError(`${options.url} is no URL.`, 'Such as https://gateway.example.');
      const { exportOperator } = await import('../run/export.ts');
      process.stdout.write(await exportOperator(environment, scenario, { ...options, baseUrl: options.url }));
      done(EXIT.ok);
    });
  return new Command('export').description('a scenario for other tools').addCommand(operator);
}
