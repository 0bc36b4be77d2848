/** The folders that runs left: which there are, and which one a person means. */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { UsageError } from '../environments/ledger/errors.ts';

/** Names of the runs in a folder, newest first. A run's name begins with its time; `latest` is only a pointer. */
export function listRunFolders(root: string): readonly string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'events.ndjson')))
    .map((entry) => entry.name)
    .sort()
    .reverse();
}

/**
 * The folder of a run.
 *
 * @param run `latest`, a run's name, the beginning of one that only one run has, or a path
 * @throws {UsageError} when there is none, or more than one; lists the newest
 */
export function findRun(run: string, root: string): string {
  const known = listRunFolders(root);
  if (run === 'latest') {
    const pointed = join(root, 'latest');
    if (existsSync(join(pointed, 'events.ndjson'))) return realpathSync(pointed);
    if (known[0] !== undefined) return join(root, known[0]);
  }
  const matching = known.includes(run) ? [run] : known.filter((name) => run !== '' && name.startsWith(run));
  if (matching.length === 1) return join(root, matching[0]!);
  if (matching.length > 1)
    throw new UsageError(`'${run}' could be ${matching.length} runs.`, `One of: ${shown(matching)}`);
  const path = resolve(run);
  const folder = existsSync(path) && !statSync(path).isDirectory() ? join(path, '..') : path;
  if (existsSync(join(folder, 'events.ndjson')) || existsSync(join(folder, 'record.json'))) return folder;
  throw new UsageError(
    `There is no run '${run}'.`,
    known.length === 0 ? 'Start one: gateproof verify <environment>.' : `Newest runs: ${shown(known)}`,
  );
}

/** Process that owns a run: the last part of its name, base 36. */
export function ownerOf(run: string): number | undefined {
  const pid = Number.parseInt(/-([0-9a-z]+)$/.exec(basename(run))?.[1] ?? '', 36);
  return Number.isNaN(pid) ? undefined : pid;
}

function shown(names: readonly string[]): string {
  return names.slice(0, 5).join(', ');
}
