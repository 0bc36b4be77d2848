import { Command } from 'commander';
import { requireEnvironment } from '../../environments/ledger/ledger.ts';

/** `gateproof status`: what of ours runs on this machine. */
export function status(done: (exitCode: number) => void): Command {
  return new Command('status')
    .description('what of ours is running, and what killed runs left behind')
    .argument('[environment]', 'name of an environment; all when absent')
    .option('--json', 'print a list for programs', false)
    .addHelpText('after', '\nExamples:\n  gateproof status\n  gateproof status --json')
    .action(async (environment: string | undefined, { json }: { json: boolean }) => {
      if (environment !== undefined) requireEnvironment(environment);
      const { statusCommand } = await import('../run/commands.ts');
      done(await statusCommand({ environment, json }));
    });
}
