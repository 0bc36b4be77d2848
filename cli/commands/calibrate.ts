import { Command } from 'commander';

/** `gateproof calibrate`: measures the instruments against known truth. */
export function calibrate(done: (exitCode: number) => void): Command {
  return new Command('calibrate')
    .description('measure the instruments against servers whose truth is known')
    .option('--throughput', 'also compare the throughput of each load engine with that of its tool alone', false)
    .option('--json', 'print results for programs', false)
    .addHelpText('after', '\nExamples:\n  gateproof calibrate\n  gateproof calibrate --json')
    .action(async (options: { json: boolean; throughput: boolean }) => {
      const { calibrateCommand } = await import('../run/commands.ts');
      done(await calibrateCommand(options));
    });
}
