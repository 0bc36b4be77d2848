/**
 * How busy the cores of the engine's machine are, whoever works on them (/proc/stat, proc(5)).
 * What the kernel does for a container in interrupts, most of all for its network, is in no
 * container's account; a core's own counters have it.
 */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { streamExec } from './containers.ts';
import { docker } from './docker.ts';
import { coresIn, TICK_MS } from './observe-containers.ts';

/** Processor time of a core since the start of its machine, ms. */
export interface CoreTime {
  /** All work, the kernel's included. What was stolen is neither work nor idle. */
  readonly busy_ms: number;
  /** Part of that in interrupts (irq and softirq). */
  readonly interrupts_ms: number;
  /** Taken by other guests of the same host. */
  readonly stolen_ms: number;
  readonly idle_ms: number;
}

/** Times of all cores by their number. */
export interface CoreReading {
  /** Monotonic instant of the reading, ms. */
  readonly at_ms: number;
  readonly cores: ReadonlyMap<number, CoreTime>;
}

/** Numbers of the cores that system and generator have for themselves. */
export interface CoreSets {
  readonly system: readonly number[];
  readonly generator: readonly number[];
}

/** The sets of cores of two containers; null where they are not told apart, as on a machine with one core. */
export async function coreSets(systemId: string, generatorId: string): Promise<CoreSets | null> {
  const [system = [], generator = []] = await Promise.all(
    [systemId, generatorId].map(async (id) => {
      const { HostConfig } = await docker().getContainer(id).inspect();
      return HostConfig.CpusetCpus ? coresIn(HostConfig.CpusetCpus) : [];
    }),
  );
  const apart = system.length > 0 && generator.length > 0 && !system.some((core) => generator.includes(core));
  return apart ? { system, generator } : null;
}

/** Reads the lines `cpuN` of /proc/stat; a core that never did anything is not one that can be read. */
export function readCoreTimes(stat: string): ReadonlyMap<number, CoreTime> {
  const cores = new Map<number, CoreTime>();
  for (const line of stat.split('\n')) {
    const [, core, counters = ''] = /^cpu(\d+) (.*)$/.exec(line) ?? [];
    if (core === undefined) continue;
    // Guest times are in user and nice already.
    const ticks = counters.trim().split(/\s+/).map(Number);
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = ticks;
    const interrupts = irq + softirq;
    const busy = user + nice + system + interrupts;
    if (busy + idle + iowait + steal === 0) continue;
    cores.set(Number(core), {
      busy_ms: TICK_MS * busy,
      interrupts_ms: TICK_MS * interrupts,
      stolen_ms: TICK_MS * steal,
      idle_ms: TICK_MS * (idle + iowait),
    });
  }
  return cores;
}

const EVERY_MS = 1_000;

/** One shell for the whole load: a program started by the engine each second would cost it more than it tells. Ends when the standard input does. */
const WATCH = `
while :; do grep '^cpu[0-9]' /proc/stat; echo; sleep 1; done &
read -r _
kill $!`;

export interface CoreWatch {
  /** All readings, once a second from the beginning of the watch. */
  stop(): readonly CoreReading[];
}

/** Watches the cores of this host; of the engine's machine through a container where that is another one. */
export async function watchCores(containerId: string, local: boolean): Promise<CoreWatch> {
  return local ? watchHere() : watchThrough(containerId);
}

async function watchHere(): Promise<CoreWatch> {
  const seen: CoreReading[] = [];
  const read = async (): Promise<void> => {
    const stat = await readFile('/proc/stat', 'utf8');
    seen.push({ at_ms: performance.now(), cores: readCoreTimes(stat) });
  };
  await read();
  const timer = setInterval(() => {
    read().catch(() => undefined);
  }, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return seen;
    },
  };
}

async function watchThrough(containerId: string): Promise<CoreWatch> {
  const streams = await streamExec(containerId, ['sh', '-c', WATCH]);
  const seen: CoreReading[] = [];
  const take = readingsOf();
  createInterface({ input: streams.stdout }).on('line', (line) => {
    const cores = take(line);
    if (cores) seen.push({ at_ms: performance.now(), cores });
  });
  return {
    stop() {
      streams.close();
      return seen;
    },
  };
}

/** Reads times line by line; an empty line ends a reading. */
export function readingsOf(): (line: string) => ReadonlyMap<number, CoreTime> | null {
  let lines: string[] = [];
  return (line) => {
    if (line !== '') {
      lines.push(line);
      return null;
    }
    const cores = readCoreTimes(lines.join('\n'));
    lines = [];
    return cores;
  };
}
