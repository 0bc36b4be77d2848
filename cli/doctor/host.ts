import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { capability, gigabytes } from './capability.ts';
import type { Capability } from './capability.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/** Names under which browsers with Chromium's engine are installed. */
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];

/** What can be seen without an engine. */
export async function hostCapabilities(): Promise<Capability[]> {
  const npm = await run('npm', ['--version'], { cwd: ROOT }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  const disk = await statfs(ROOT);
  const free = disk.bavail * disk.bsize;
  const cores = availableParallelism();
  const major = Number(process.versions.node.split('.')[0]);
  const chromium = findChromium();
  return [
    capability(
      'node',
      { present: major >= 24, found: process.versions.node },
      'nothing runs; ./gateproof fetches Node 24 through npm',
      true,
    ),
    capability(
      'npm',
      { present: npm !== undefined, found: npm ?? 'not on the PATH' },
      'packages and images cannot be prepared; install npm',
      true,
    ),
    capability(
      'cores',
      { present: cores >= 2, found: String(cores) },
      'instruments and the tested system share a core: timing and load results become inconclusive',
    ),
    capability(
      'free disk',
      { present: free >= 3e9, found: gigabytes(free) },
      'images take about 3 GB, a run up to 0.5 GB; `gateproof prune` makes room',
      true,
    ),
    capability(
      'Chromium',
      { present: chromium !== undefined, found: chromium ?? 'none found' },
      '`npm test` does not open the report in a browser; runs and reports are the same',
    ),
  ];
}

function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = [
    process.env['CHROME_PATH'],
    ...folders.flatMap((folder) => CHROMIUM_NAMES.map((name) => join(folder, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  return candidates.find((path) => path !== undefined && path !== '' && isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
