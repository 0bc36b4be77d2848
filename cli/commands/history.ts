import { Command } from 'commander';
import { requireEnvironment } from '../../environments/ledger/ledger.ts';
import { EXIT } from '../exit.ts';
import { RUNS_DIR } from '../run/run-folder.ts';
import type { History } from '../run/history.ts';

/** `gateproof history`: the figures of all runs of one kind, and where they changed. */
export function history(done: (exitCode: number) => void): Command {
  return new Command('history')
    .description('show the figures of earlier runs, made as the newest one was, and where they changed')
    .argument('[environment]', 'name of an environment', 'production-gateway')
    .option('--json', 'print the figures for programs', false)
    .addHelpText('after', '\nExamples:\n  gateproof history\n  gateproof history production-gateway --json')
    .action(async (name: string, { json }: { json: boolean }) => {
      const environment = requireEnvironment(name);
      const { historyOf } = await import('../run/history.ts');
      const all = historyOf(environment, RUNS_DIR);
      if (json) console.log(JSON.stringify(all, null, 2));
      else for (const line of historyLines(all)) console.log(line);
      done(EXIT.ok);
    });
}

/** The trends in words. */
export function historyLines({ configuration, runs, leftOut, trends }: History): readonly string[] {
  const of = configuration === undefined ? '' : ` of the configuration in ${configuration}`;
  const left =
    leftOut === 0
      ? ''
      : `; ${String(leftOut)} made on other machines, or with other versions, loads or configurations, are left out`;
  return [
    `${String(runs.length)} runs with figures${of}${left}.`,
    ...trends.map(({ name, unit, runs: own, values, changes, reason }) => {
      const newest = values.at(-1);
      const told = changes.map(
        ({ index, before, after }) =>
          `${figure(before)} → ${figure(after)} ${unit} since ${own[index] ?? String(index)}`,
      );
      const some = own.length < runs.length ? `, in ${String(own.length)} of the runs` : '';
      return `  ${name}: ${newest === undefined ? 'none' : figure(newest)} ${unit}${some}; ${reason ?? (told.join('; ') || 'no change')}`;
    }),
  ];
}

const figure = (value: number): string => value.toPrecision(3);
