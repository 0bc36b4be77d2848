import { existsSync, lstatSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { ownerLives } from '../../environments/harness/owner.ts';
import { EXIT } from '../exit.ts';
import { wholeNumber } from '../options.ts';
import { RUNS_DIR } from '../run/run-folder.ts';
import { listRunFolders, ownerOf } from '../runs.ts';

interface Options {
  readonly keep: number;
  readonly maxMib: number;
  readonly images: boolean;
  readonly all: boolean;
  readonly dryRun: boolean;
}

/** `gateproof prune`: gives disk space back. */
export function prune(done: (exitCode: number) => void): Command {
  return new Command('prune')
    .description('remove old runs and images that are no longer needed')
    .option('--keep <number>', 'newest runs to keep', wholeNumber(0), 10)
    .option('--max-mib <number>', 'remove the oldest runs until all together are no larger', wholeNumber(0), 2048)
    .option('--no-images', 'leave images alone')
    .option('--all', 'remove all images of this project, also those that the next run would need', false)
    .option('--dry-run', 'say what would be removed', false)
    .addHelpText(
      'after',
      '\nExamples:\n  gateproof prune\n  gateproof prune --keep 3 --no-images\n  gateproof prune --all',
    )
    .action(async ({ keep, maxMib, images, all, dryRun }: Options) => {
      const old = surplus(RUNS_DIR, keep, maxMib, (pid) => ownerLives(String(pid)));
      for (const { name, bytes } of old) {
        console.log(`${dryRun ? 'would remove' : 'removing'} run ${name} (${mib(bytes)} MiB)`);
        if (!dryRun) rmSync(join(RUNS_DIR, name), { recursive: true, force: true });
      }
      if (!dryRun) removeDanglingPointer(RUNS_DIR);
      if (old.length === 0) console.log('no run to remove');
      if (images) await pruneImages(all, dryRun);
      done(EXIT.ok);
    });
}

async function pruneImages(all: boolean, dryRun: boolean): Promise<void> {
  if (dryRun) {
    console.log(`would remove ${all ? 'all images of this project' : 'images that the next run does not need'}`);
    return;
  }
  const harness = await import('../../environments/harness/images.ts');
  const removed = await harness.pruneImages({ all });
  for (const reference of removed) console.log(`removed image ${reference}`);
  if (removed.length === 0) console.log('no image to remove');
}

/** A run and what it takes on disk. */
export interface RunSize {
  readonly name: string;
  readonly bytes: number;
}

/**
 * The runs to remove, newest first: beyond the newest `keep`, and beyond what
 * fits into `max_mib` together. A run whose process lives is never among them.
 */
export function surplus(
  root: string,
  keep: number,
  max_mib: number,
  alive: (pid: number) => boolean,
): readonly RunSize[] {
  let total = 0;
  return listRunFolders(root)
    .map((name, index) => {
      const bytes = sizeOf(join(root, name));
      total += bytes;
      return { name, bytes, surplus: index >= keep || total > max_mib * 2 ** 20 };
    })
    .filter(({ name, surplus: tooMuch }) => tooMuch && !alive(ownerOf(name) ?? 0))
    .map(({ name, bytes }) => ({ name, bytes }));
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function removeDanglingPointer(root: string): void {
  const latest = join(root, 'latest');
  const isLink = lstatSync(latest, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  if (isLink && !existsSync(latest)) rmSync(latest);
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
