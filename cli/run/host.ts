import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { requireEngine } from '../../environments/harness/docker.ts';
import { pinningInWords } from '../../environments/harness/pinning.ts';
import type { RunInfo } from '../../reports/record/types.ts';

/** What the host is, for the run record: comparisons hold only among like hosts. */
export async function describeHost(): Promise<RunInfo['host']> {
  const engine = await requireEngine();
  return {
    cores: engine.cores,
    memory_gib: Math.round((engine.memory_bytes / 2 ** 30) * 10) / 10,
    kernel: engine.kernel,
    docker: `${engine.version} (API ${engine.api})`,
    cgroup: engine.cgroup,
    arch: engine.arch,
    pinning: await pinningInWords(engine.cores),
  };
}

/** Commit of this project, with `+changes` when files differ from it; `unknown` outside a checkout. */
export function revision(): string {
  const cwd = join(import.meta.dirname, '../..');
  try {
    const git = (...argv: string[]): string =>
      execFileSync('git', argv, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return (
      git('rev-parse', '--short=12', 'HEAD') +
      (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+changes')
    );
  } catch {
    return 'unknown';
  }
}
