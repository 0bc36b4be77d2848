/** Journal → record → reports, in the folder of a run. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { loadBaseline, loadWaivers } from '../../environments/ledger/baseline.ts';
import { UsageError } from '../../environments/ledger/errors.ts';
import { judge } from '../../environments/ledger/judge.ts';
import { listEnvironments, loadLedger } from '../../environments/ledger/ledger.ts';
import { deriveRecord } from '../../reports/record/derive.ts';
import type { Judge } from '../../reports/record/derive.ts';
import { parseJournal } from '../../reports/record/journal.ts';
import type { RunRecord } from '../../reports/record/types.ts';
import { renderHtml } from '../../reports/render/html.ts';
import { renderJunit } from '../../reports/render/junit.ts';
import { renderSarif } from '../../reports/render/sarif.ts';
import { renderSummary } from '../../reports/render/summary.ts';

/** Files that are made from the record, and therefore cannot list themselves in it. */
const MADE_FROM_RECORD = new Set(['record.json', 'report.html']);

/**
 * Derives the record from the journal of a run and writes it with all its
 * reports. Works for a killed run: its record says that it is partial.
 *
 * @throws {Error} when the journal is damaged or has no beginning
 */
export async function writeReports(dir: string): Promise<RunRecord> {
  const { events, broken } = parseJournal(readFileSync(join(dir, 'events.ndjson'), 'utf8'));
  const started = events.find(({ event }) => event === 'run-started');
  const environment = started?.event === 'run-started' ? started.run.environment : '';
  const today = localDay(events.at(-1)?.at ?? new Date().toISOString());
  const judgeRun = judgeFor(environment, today);
  const first = deriveRecord(events, { judge: judgeRun, broken });
  // The record comes first, so that a failing report cannot lose it.
  writeRecord(dir, first);
  await writeExports(dir, first);
  const record: RunRecord = { ...first, files: filesOf(dir) };
  writeRecord(dir, record);
  writeFileSync(join(dir, 'report.html'), renderHtml(record));
  return record;
}

function writeRecord(dir: string, record: RunRecord): void {
  writeFileSync(join(dir, 'record.json'), `${JSON.stringify(record, null, 2)}\n`);
}

/**
 * Makes the reports of a run again: from its record when it has one, else from
 * its journal.
 *
 * @throws {UsageError} when the folder holds nothing to make a report of
 */
export async function reportRun(dir: string): Promise<RunRecord> {
  const path = join(dir, 'record.json');
  if (existsSync(path)) {
    const record = JSON.parse(readFileSync(path, 'utf8')) as RunRecord;
    await writeExports(dir, record);
    writeFileSync(join(dir, 'report.html'), renderHtml(record));
    return record;
  }
  try {
    return await writeReports(dir);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UsageError(`${dir}: ${error.message}`, 'This run cannot be told; start another.', { cause: error });
  }
}

/** What leaves the page: for CI's own views, comments and chat. */
async function writeExports(dir: string, record: RunRecord): Promise<void> {
  writeFileSync(join(dir, 'junit.xml'), renderJunit(record));
  writeFileSync(join(dir, 'results.sarif'), renderSarif(record));
  writeFileSync(join(dir, 'summary.txt'), renderSummary(record));
  // Loads a native canvas: only when pictures are made.
  const { renderPictures } = await import('../../reports/render/pictures.ts');
  for (const { name, png } of renderPictures(record)) writeFileSync(join(dir, name), png);
}

/** The gate of an environment on a day; one that this project does not know has neither baseline nor waivers. */
function judgeFor(environment: string, today: string): Judge {
  if (!listEnvironments().includes(environment)) {
    return (record) => judge(record, { entries: [] }, { entries: [] }, today);
  }
  const ledger = loadLedger(environment);
  const baseline = loadBaseline(ledger);
  const waivers = loadWaivers(ledger);
  return (record) => judge(record, baseline, waivers, today);
}

/** The day of the run's end where it ran, `YYYY-MM-DD`: a report made again later judges waivers as of then. */
function localDay(at: string): string {
  const time = new Date(at);
  return [time.getFullYear(), time.getMonth() + 1, time.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
}

function filesOf(dir: string): RunRecord['files'] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: relative(dir, path).split(sep).join('/'), bytes: statSync(path).size }))
    .filter(({ name }) => !MADE_FROM_RECORD.has(name))
    .sort((a, b) => a.name.localeCompare(b.name));
}
