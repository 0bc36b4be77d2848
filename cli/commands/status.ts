import { Command } from 'commander';
import { requireEnvironment } from '../../environments/ledger/ledger.ts';

/** `gateproof status`: what of ours runs on this machine, and which faults are in. */
export function status(done: (exitCode: number) => void): Command {
  return new Command('status')
    .description('what of ours is running, what killed runs left behind, and which faults are still in')
    .argument('[environment]', 'name of an environment; all when absent')
    .option('--out <folder>', 'read the faults of runs from this folder instead of reports/runs')
    .option('--json', 'print the runs and their faults for programs', false)
    .addHelpText(
      'after',
      `
Faults are read from the undo logs of the newest runs in reports/runs. Runs that
were made with --out elsewhere are found when the same folder is named here.

Examples:
  gateproof status
  gateproof status --json
  gateproof status --out /tmp/my-runs`,
    )
    .action(async (environment: string | undefined, { json, out }: { json: boolean; out?: string }) => {
      if (environment !== undefined) requireEnvironment(environment);
      const { statusCommand } = await import('../run/commands.ts');
      done(await statusCommand({ environment, json, out }));
    });
}
