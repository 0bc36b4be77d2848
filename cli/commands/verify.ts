import { Command } from 'commander';
import { listEnvironments, requireEnvironment } from '../../environments/ledger/ledger.ts';
import { collect, imageOption, measureRequest, profileOption, seedOption, variantsOption } from '../options.ts';
import type { MeasureOptions } from '../options.ts';

interface Options extends MeasureOptions {
  readonly only: readonly string[];
  readonly failed: boolean;
}

/** `gateproof verify`: measures claims and ends with the gate's exit code. */
export function verify(done: (exitCode: number) => void): Command {
  return new Command('verify')
    .description('measure the claims of an environment and judge them')
    .argument('<environment>', "name of an environment, or 'all'")
    .addOption(variantsOption())
    .addOption(profileOption())
    .option('--only <glob>', 'only claims whose id matches; may be given several times', collect, [])
    .option('--failed', 'only claims that did not conform in the latest run', false)
    .addOption(seedOption())
    .option('--out <folder>', 'write the run below this folder instead of reports/runs')
    .addOption(imageOption())
    .option('--json', "print the record's summary for programs", false)
    .addHelpText(
      'after',
      `
Examples:
  gateproof verify production-gateway
  gateproof verify production-gateway --profile nightly --variant documented
  gateproof verify production-gateway --only '*.rate-limit.*' --seed 7
  gateproof verify production-gateway --image gateway=my/nginx:1.29`,
    )
    .action(async (environment: string, options: Options) => {
      const environments = environment === 'all' ? listEnvironments() : [requireEnvironment(environment)];
      const { only, failed } = options;
      const { verifyCommand } = await import('../run/commands.ts');
      done(await verifyCommand({ ...measureRequest(options), environments, only, failed }));
    });
}
