/** The command line. Each command is a file in `commands/`; what it runs is imported when it is called. */
import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { calibrate } from './commands/calibrate.ts';
import { capacity } from './commands/capacity.ts';
import { chaos } from './commands/chaos.ts';
import { claims } from './commands/claims.ts';
import { compare } from './commands/compare.ts';
import { doctor } from './commands/doctor.ts';
import { down } from './commands/down.ts';
import { exportCommand } from './commands/export.ts';
import { history } from './commands/history.ts';
import { load } from './commands/load.ts';
import { prune } from './commands/prune.ts';
import { report } from './commands/report.ts';
import { status } from './commands/status.ts';
import { up } from './commands/up.ts';
import { verify } from './commands/verify.ts';
import { EXIT, failureOf } from './exit.ts';
import { requireName } from './found.ts';

/**
 * Builds the whole command line.
 *
 * @param done called with the exit code of the command that ran
 */
export function commandLine(done: (exitCode: number) => void): Command {
  const program = new Command('gateproof')
    .description("Proves what a gateway's documents promise: checks, faults and load, with one verdict.")
    .version(packageJson.version)
    .exitOverride()
    .showHelpAfterError("(add --help for the command's options and examples)")
    .addHelpText(
      'after',
      `
Exit codes: 0 the gate holds · 1 a new deviation · 2 inconclusive or partial · 3 the harness failed · 64 wrong usage

The launcher installs and starts a missing Docker engine; --yes lets it do so without asking.

Start with:
  gateproof doctor
  gateproof verify production-gateway --profile smoke`,
    );
  for (const command of [
    doctor,
    verify,
    chaos,
    load,
    capacity,
    up,
    status,
    down,
    claims,
    report,
    compare,
    history,
    calibrate,
    exportCommand,
    prune,
  ]) {
    program.addCommand(command(done).copyInheritedSettings(program));
  }
  return program;
}

/** Runs the command line and returns the exit code; messages go to standard error. */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = commandLine((code) => {
    exitCode = code;
  });
  try {
    if (args.length === 0) {
      program.outputHelp({ error: true });
      return EXIT.usage;
    }
    const first = args[0]!;
    const known = program.commands.map((command) => command.name());
    if (!first.startsWith('-') && first !== 'help' && !known.includes(first)) {
      requireName('command', first, known);
    }
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    const failure = failureOf(error);
    for (const line of failure.lines) console.error(line);
    return failure.exitCode;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
