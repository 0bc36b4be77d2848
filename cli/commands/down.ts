import { Command } from 'commander';
import { requireEnvironment } from '../../environments/ledger/ledger.ts';

/** `gateproof down`: removes what `up` started and what killed runs left. */
export function down(done: (exitCode: number) => void): Command {
  return new Command('down')
    .description('remove the containers and networks that up started')
    .argument('[environment]', 'name of an environment; any when absent')
    .option('--all', 'also what killed runs left behind', false)
    .addHelpText('after', '\nExamples:\n  gateproof down\n  gateproof down --all')
    .action(async (environment: string | undefined, { all }: { all: boolean }) => {
      if (environment !== undefined) requireEnvironment(environment);
      const { downCommand } = await import('../run/commands.ts');
      done(await downCommand({ environment, all }));
    });
}
