/** Open file descriptors of a container, counted from the host's /proc: no program runs in the container for it. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { docker } from './docker.ts';

const CGROUPS = '/sys/fs/cgroup';

/**
 * A counter of the open file descriptors of all processes of a container. Null when the host's
 * /proc does not show them: the engine is on another machine, or this user may not look.
 */
export async function descriptorCounter(containerId: string): Promise<(() => Promise<number>) | null> {
  try {
    const { State } = await docker().getContainer(containerId).inspect();
    const groups = await readFile(`/proc/${String(State.Pid)}/cgroup`, 'utf8');
    const list = processList(groups, containerId);
    if (list === null) return null;
    const count = async (): Promise<number> => {
      const pids = (await readFile(list, 'utf8')).split('\n').filter((pid) => pid !== '');
      const each = await Promise.all(pids.map(openFiles));
      return each.reduce((sum, one) => sum + one, 0);
    };
    // Not even its own files are hidden from a process, so none at all means that they are hidden from us.
    return (await count()) > 0 ? count : null;
  } catch {
    return null;
  }
}

/** Where the kernel lists the processes of a container, by the lines of its /proc/<pid>/cgroup; null when they are of something else. */
export function processList(groups: string, containerId: string): string | null {
  for (const line of groups.split('\n')) {
    // `0::/path` in version 2, `8:pids:/path` in version 1 (cgroups(7)).
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined || !path.includes(containerId)) continue;
    return join(CGROUPS, (controllers ?? '').replace(/^name=/, ''), path, 'cgroup.procs');
  }
  return null;
}

/** Open files of a process, 0 for one that has ended. From Linux 6.2 on the folder's size tells without a look at each. */
async function openFiles(pid: string): Promise<number> {
  const folder = `/proc/${pid}/fd`;
  try {
    const { size } = await stat(folder);
    return size > 0 ? size : (await readdir(folder)).length;
  } catch {
    return 0;
  }
}
