import { docker } from './docker.ts';
import type { ServiceRef } from './types.ts';

const INSTRUMENTS = new Set(['vantage', 'inspector', 'generator']);

/**
 * Gives the system under test one set of cores and the instruments another, so
 * that "which of them ran out" has an answer. With one core there is no choice.
 *
 * @returns a sentence for the run record
 */
export async function pin(services: readonly ServiceRef[], separate: boolean): Promise<string> {
  const info = (await docker().info()) as { NCPU?: number };
  const cores = info.NCPU ?? 1;
  if (cores < 2 || !separate) return cores < 2 ? 'one core: not pinned' : 'not pinned';
  const half = Math.ceil(cores / 2);
  const sut = range(0, half - 1);
  const instruments = range(half, cores - 1);
  await Promise.all(
    services.map(({ role, containerId }) =>
      docker()
        .getContainer(containerId)
        .update({ CpusetCpus: INSTRUMENTS.has(role) ? instruments : sut }),
    ),
  );
  return `system under test on cores ${sut}, instruments on cores ${instruments}`;
}

const range = (from: number, to: number): string => (from === to ? String(from) : `${String(from)}-${String(to)}`);
