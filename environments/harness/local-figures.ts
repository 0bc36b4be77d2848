/**
 * A container's figures from the host's own files (cgroups(7), proc(5)): no program runs in the
 * container for it, and asking the engine for sixteen containers a second costs it a tenth of a core.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { docker } from './docker.ts';
import type { ContainerFigures } from './observe-containers.ts';

const CGROUPS = '/sys/fs/cgroup';

export interface LocalFigures extends ContainerFigures {
  /** Open file descriptors of all its processes; null when this user may not see them. */
  readonly descriptors: number | null;
}

/** Folders of a container's control groups: of its processes, and of what it used. */
export interface Groups {
  readonly version: 1 | 2;
  readonly cpu: string;
  readonly cpuacct: string;
  readonly memory: string;
}

/** A reader of a container's figures. Null when the host does not have them: the engine may be on another machine. */
export async function localReader(containerId: string): Promise<(() => Promise<LocalFigures>) | null> {
  try {
    const { State } = await docker().getContainer(containerId).inspect();
    const groups = groupsOf(await readFile(`/proc/${String(State.Pid)}/cgroup`, 'utf8'), containerId);
    if (groups === null) return null;
    const read = (): Promise<LocalFigures> => readFigures(groups, State.Pid);
    await read();
    return read;
  } catch {
    return null;
  }
}

/** Folders by the lines of a process' /proc/<pid>/cgroup; null when they are of something else than the container. */
export function groupsOf(lines: string, containerId: string): Groups | null {
  const paths = new Map<string, string>();
  for (const line of lines.split('\n')) {
    // `0::/path` in version 2, `4:cpu,cpuacct:/path` in version 1.
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined || !path.includes(containerId)) continue;
    for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  const folder = (controller: string): string | null => {
    const path = paths.get(controller);
    return path === undefined ? null : join(CGROUPS, controller, path);
  };
  const [cpu, cpuacct, memory, unified] = [folder('cpu'), folder('cpuacct'), folder('memory'), folder('')];
  if (cpu && cpuacct && memory) return { version: 1, cpu, cpuacct, memory };
  return unified ? { version: 2, cpu: unified, cpuacct: unified, memory: unified } : null;
}

async function readFigures({ version, cpu, cpuacct, memory }: Groups, pid: number): Promise<LocalFigures> {
  const first = version === 1;
  const [cpuStat, used, memoryStat, usage, devices, processes] = await Promise.all([
    readFile(join(cpu, 'cpu.stat'), 'utf8'),
    first ? readFile(join(cpuacct, 'cpuacct.usage'), 'utf8') : '',
    readFile(join(memory, 'memory.stat'), 'utf8'),
    readFile(join(memory, first ? 'memory.usage_in_bytes' : 'memory.current'), 'utf8'),
    readFile(`/proc/${String(pid)}/net/dev`, 'utf8'),
    readFile(join(cpu, 'cgroup.procs'), 'utf8'),
  ]);
  const at_ms = performance.now();
  const open = await Promise.all(processes.split('\n').flatMap((one) => (one === '' ? [] : [openFiles(one)])));
  const descriptors = open.reduce((sum, one) => sum + one, 0);
  return {
    at_ms,
    used_ms: first ? Number(used) / 1e6 : field(cpuStat, 'usage_usec') / 1e3,
    throttled_ms: first ? field(cpuStat, 'throttled_time') / 1e6 : field(cpuStat, 'throttled_usec') / 1e3,
    memory_mib: (Number(usage) - field(memoryStat, first ? 'total_inactive_file' : 'inactive_file')) / 2 ** 20,
    ...trafficOf(devices),
    // Every process has open files: none at all means that they are hidden from us.
    descriptors: descriptors > 0 ? descriptors : null,
  };
}

/** Value of a line `name value`; 0 without one. */
const field = (text: string, name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);

/** Bytes of all interfaces but the loopback, from /proc/<pid>/net/dev. */
export function trafficOf(devices: string): Pick<ContainerFigures, 'received_bytes' | 'sent_bytes'> {
  const rows = devices
    .split('\n')
    .map((line) => /^\s*([^:\s]+):(.*)$/.exec(line))
    .flatMap((match) => (match && match[1] !== 'lo' ? [match[2]?.trim().split(/\s+/).map(Number) ?? []] : []));
  return {
    received_bytes: rows.reduce((sum, row) => sum + (row[0] ?? 0), 0),
    sent_bytes: rows.reduce((sum, row) => sum + (row[8] ?? 0), 0),
  };
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
