import { join } from 'node:path';
import { Command } from 'commander';
import { EXIT } from '../exit.ts';
import { RUNS_DIR } from '../run/run-folder.ts';
import { findRun } from '../runs.ts';

/** `gateproof report`: makes the reports of a run again, also of a killed one. */
export function report(done: (exitCode: number) => void): Command {
  return new Command('report')
    .description('make the reports of a run again; a killed run gives a partial one')
    .argument('[run]', "'latest', the name of a run or its beginning, or a path", 'latest')
    .option('--json', "print the record's summary for programs", false)
    .addHelpText(
      'after',
      '\nExamples:\n  gateproof report\n  gateproof report 20260131t0915\n  gateproof report path/to/a/run --json',
    )
    .action(async (run: string, { json }: { json: boolean }) => {
      const dir = findRun(run, RUNS_DIR);
      const { reportRun } = await import('../run/write-reports.ts');
      const record = await reportRun(dir);
      if (json) {
        const { id, partial, partialReason } = record.run;
        console.log(JSON.stringify({ dir, run: id, partial, partialReason, ...record.summary }, null, 2));
      } else {
        console.log(record.summary.gate.sentence);
        for (const warning of record.summary.gate.warnings) console.log(`warning: ${warning}`);
        if (record.run.partial) console.log(`partial: ${record.run.partialReason ?? 'the run did not end'}`);
        console.log(join(dir, 'report.html'));
      }
      done(EXIT.ok);
    });
}
