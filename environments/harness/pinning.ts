import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { docker } from './docker.ts';
import { coresIn } from './observe-containers.ts';
import type { ServiceRef } from './types.ts';

/** Probes come from the vantage at low rates: it may use every core, and comes first on each (`CPU_SHARES`). */
const EVERYWHERE = new Set<string>(['vantage']);
const INSTRUMENTS = new Set<string>(['inspector', 'generator']);

/** Whether a service belongs to the instruments, and so to none of the cores of the system under test. */
export const isInstrument = (role: ServiceRef['role']): boolean => INSTRUMENTS.has(role) || EVERYWHERE.has(role);

/** Processors of the engine's machine as Linux numbers them: each is a hardware thread, and one or more are a core. */
interface CoreSplit {
  readonly system: readonly number[];
  readonly instruments: readonly number[];
  /** Whether both sides are on the same core; null where nobody knows which threads are of one. */
  readonly sharesCore: boolean | null;
}

/**
 * Halves a machine, the larger half for the system, null when there is nothing to halve. Whole cores
 * are told apart: on most x86 machines Linux numbers one thread of each core first, so halves by
 * number would be the two threads of the same cores, and each side would slow the other.
 *
 * @param processors how many the engine has
 * @param siblings of each processor, those of its core (`0,4`); as many as the engine has, or they are of another machine
 */
export function splitCores(processors: number, siblings: readonly string[]): CoreSplit | null {
  if (processors < 2) return null;
  const numbers = Array.from({ length: processors }, (_, number) => number);
  const half = Math.ceil(processors / 2);
  const cores = [...new Set(siblings)].map(coresIn).toSorted(([a = 0], [b = 0]) => a - b);
  const known = cores.flat().length === processors && siblings.length === processors;
  if (!known || cores.length === 1) {
    const threads = known ? cores.flat() : numbers;
    return { system: threads.slice(0, half), instruments: threads.slice(half), sharesCore: known ? true : null };
  }
  const system: number[] = [];
  // The last core is the generator's in any case.
  for (const threads of cores.slice(0, -1)) if (system.length < half) system.push(...threads);
  return { system, instruments: cores.flat().filter((number) => !system.includes(number)), sharesCore: false };
}

/** Halves the machine of the engine. @param processors how many it has */
async function engineCores(processors: number): Promise<CoreSplit | null> {
  return splitCores(processors, await siblingsHere());
}

const PROCESSORS = '/sys/devices/system/cpu';

/** Processors of the same core for each processor of this machine; empty where that cannot be read. */
async function siblingsHere(): Promise<string[]> {
  const folders = await readdir(PROCESSORS).catch(() => []);
  const lists = await Promise.all(
    folders
      .filter((name) => /^cpu\d+$/.test(name))
      // One that is switched off has none.
      .map((name) => readFile(join(PROCESSORS, name, 'topology/thread_siblings_list'), 'utf8').catch(() => '')),
  );
  return lists.map((list) => list.trim()).filter((list) => list !== '');
}

/** In words, for a record, what system and load generator share. @param processors how many the engine has */
export async function pinningInWords(processors: number): Promise<string> {
  return inWords(await engineCores(processors));
}

/** What a split means for whom reads figures. */
export function inWords(split: CoreSplit | null): string {
  if (split === null) return 'one core: not pinned';
  const sides = 'in experiments and scenarios, system under test and load generator have';
  if (split.sharesCore === null)
    return `${sides} processors of their own by number; whether these are threads of the same cores is unknown`;
  return split.sharesCore
    ? `${sides} threads of their own on one core, which they share`
    : `${sides} cores of their own`;
}

/**
 * Says which cores the services run on. `separate` gives the system under test one
 * set and the instruments another, so that "which of them ran out" has an answer;
 * `shared` lets all of them use the whole machine. With one processor there is no choice.
 */
export async function placeOnCores(services: readonly ServiceRef[], placement: 'shared' | 'separate'): Promise<void> {
  const info = (await docker().info()) as { NCPU?: number };
  const split = await engineCores(info.NCPU ?? 1);
  if (split === null) return;
  const [sut, instruments] = [split.system.join(','), split.instruments.join(',')];
  const all = `${sut},${instruments}`;
  const cpus = (role: ServiceRef['role']): string =>
    placement === 'shared' || EVERYWHERE.has(role) ? all : INSTRUMENTS.has(role) ? instruments : sut;
  await Promise.all(
    services.map(({ role, containerId }) =>
      docker()
        .getContainer(containerId)
        .update({ CpusetCpus: cpus(role) }),
    ),
  );
}
