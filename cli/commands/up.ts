import { Command } from 'commander';
import { requireEnvironment } from '../../environments/ledger/ledger.ts';
import type { VariantName } from '../../reports/record/types.ts';
import { imageOption, variantOption } from '../options.ts';

interface Options {
  readonly variant: VariantName;
  readonly image: Readonly<Record<string, string>>;
  readonly json: boolean;
}

/** `gateproof up`: starts an environment and leaves it running. */
export function up(done: (exitCode: number) => void): Command {
  return new Command('up')
    .description('start an environment and leave it running until down')
    .argument('[environment]', 'name of an environment', 'production-gateway')
    .addOption(variantOption())
    .addOption(imageOption())
    .option('--json', 'print addresses for programs', false)
    .addHelpText(
      'after',
      '\nExamples:\n  gateproof up production-gateway\n  gateproof up production-gateway --variant hardened --json',
    )
    .action(async (environment: string, { variant, image, json }: Options) => {
      const { upCommand } = await import('../run/commands.ts');
      done(await upCommand({ environment: requireEnvironment(environment), variant, images: image, json }));
    });
}
