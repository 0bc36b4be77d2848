import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { HarnessError } from './errors.ts';
import { ROOT } from './image-recipes.ts';
import type { ContextFile } from './image-recipes.ts';

const run = promisify(execFile);
const NPM_LIMIT_MS = 5 * 60_000;

/** Files that last until they are disposed of. */
export interface TemporaryFiles extends Disposable {
  readonly files: readonly ContextFile[];
}

/**
 * Node and npm for the engine's architecture, installed on this machine by its
 * own npm from the committed lock file: an image without Node could not fetch it.
 *
 * @param arch as the engine names it: `amd64`, `arm64`
 * @throws {HarnessError} when npm fails or has no Node for this architecture
 */
export async function fetchNode(arch: string): Promise<TemporaryFiles> {
  const cpu = nodeCpu(arch);
  const folder = join(ROOT, `.cache/images/node-${cpu}-${String(process.pid)}`);
  const dispose = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    mkdirSync(folder, { recursive: true });
    for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
      copyFileSync(join(ROOT, 'environments/images/node', name), join(folder, name));
    }
    await run('npm', ['ci', '--ignore-scripts', '--no-bin-links', '--os=linux', `--cpu=${cpu}`, '--libc=glibc'], {
      cwd: folder,
      timeout: NPM_LIMIT_MS,
    });
    const node = join(folder, `node_modules/node-linux-${cpu}/bin/node`);
    statSync(node);
    const npm = join(folder, 'node_modules/npm');
    const files = [{ path: 'node/node', source: node, executable: true }, ...allFiles(npm, folder)];
    return { files, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    const { stderr } = error as { stderr?: string };
    const detail = stderr !== undefined && stderr !== '' ? stderr : String(error);
    throw new HarnessError(
      `npm could not fetch Node for linux/${cpu}: ${detail.trim().slice(-600)}`,
      'check that npm on this machine reaches its registry',
      { cause: error },
    );
  }
}

/** The name that npm's packages have for an architecture of the engine. */
export function nodeCpu(arch: string): string {
  return { amd64: 'x64', x86_64: 'x64', aarch64: 'arm64' }[arch] ?? arch;
}

function allFiles(folder: string, root: string): ContextFile[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const source = join(entry.parentPath, entry.name);
      return { path: relative(root, source), source, executable: (statSync(source).mode & 0o100) !== 0 };
    });
}
