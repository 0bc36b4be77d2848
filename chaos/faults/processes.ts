/** Processes of a container, found by name. */
import type { ChaosTarget } from '../runner/target.ts';

/** Extended regular expressions over whole command lines, as `pgrep -f` reads them. */
export const PROCESSES = {
  'nginx master': '^nginx: master process',
  'nginx worker': '^nginx: worker process$',
  keepalived: '(^|/)keepalived( |$)',
  'PM2 daemon': '^node .*/pm2-runtime ',
  'PM2 worker': '^node .*/service/main\\.ts',
  'Postgres backend': '^postgres: gateproof ',
  Redis: '^redis-server ',
} as const;

export type ProcessName = keyof typeof PROCESSES;

/** A process as it stands; `born` tells it from a later one with the same number. */
export interface ProcessSeen {
  readonly pid: number;
  /** Start, in ticks since the host's. */
  readonly born: string;
  /** State letter of `ps`: `T` is stopped by a signal, `Z` waits for its parent. */
  readonly state: string;
}

/** `pgrep` and the `stat` files in one command: each command in a container costs the engine more than both. */
const LIST = 'for pid in $(pgrep -f -- "$1"); do cat /proc/$pid/stat 2>/dev/null || true; done';

/** Processes of a kind, oldest first; none when the container does not run. */
export async function findProcesses(
  target: ChaosTarget,
  service: string,
  name: ProcessName,
): Promise<readonly ProcessSeen[]> {
  const argv = ['sh', '-c', LIST, 'list', PROCESSES[name]];
  const { stdout } = await target.exec(service, argv).catch(() => ({ stdout: '' }));
  return parseStats(stdout);
}

/** Reads lines of `/proc/<pid>/stat`; processes that have ended already are left out. */
export function parseStats(text: string): readonly ProcessSeen[] {
  return text
    .split('\n')
    .flatMap((line) => {
      // The name stands in brackets and may have spaces and brackets of its own.
      const [, pid, rest] = /^(\d+) \(.*\) (.*)$/.exec(line) ?? [];
      if (pid === undefined || rest === undefined) return [];
      const fields = rest.split(' ');
      return [{ pid: Number(pid), state: fields[0] ?? '', born: fields[19] ?? '' }];
    })
    .filter(({ state }) => state !== 'Z' && state !== 'X')
    .toSorted((a, b) => Number(a.born) - Number(b.born) || a.pid - b.pid);
}
