import { docker } from './docker.ts';
import type { ServiceRef } from './types.ts';

/** Probes come from the vantage at low rates: it may use every core, and comes first on each (`CPU_SHARES`). */
const EVERYWHERE = new Set<string>(['vantage']);
const INSTRUMENTS = new Set<string>(['inspector', 'generator']);

/** Whether a service belongs to the instruments, and so to none of the cores of the system under test. */
export const isInstrument = (role: ServiceRef['role']): boolean => INSTRUMENTS.has(role) || EVERYWHERE.has(role);

/**
 * Says which cores the services run on. `separate` gives the system under test one
 * set and the instruments another, so that "which of them ran out" has an answer;
 * `shared` lets all of them use the whole machine. With one core there is no choice.
 */
export async function placeOnCores(services: readonly ServiceRef[], placement: 'shared' | 'separate'): Promise<void> {
  const info = (await docker().info()) as { NCPU?: number };
  const cores = info.NCPU ?? 1;
  if (cores < 2) return;
  const half = Math.ceil(cores / 2);
  const [all, sut, instruments] = [range(0, cores - 1), range(0, half - 1), range(half, cores - 1)];
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

const range = (from: number, to: number): string => (from === to ? String(from) : `${String(from)}-${String(to)}`);
