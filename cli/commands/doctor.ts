import { Command } from 'commander';

/** `gateproof doctor`: what this machine can and cannot do. */
export function doctor(done: (exitCode: number) => void): Command {
  return new Command('doctor')
    .description('what this machine can and cannot do, and what each missing part costs')
    .option('--json', 'print a list for programs', false)
    .addHelpText('after', '\nExamples:\n  gateproof doctor\n  gateproof doctor --json')
    .action(async ({ json }: { json: boolean }) => {
      const { doctor: examine } = await import('../doctor.ts');
      done(await examine({ json }));
    });
}
