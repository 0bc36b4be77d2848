import { containerFigures } from '../../environments/harness/observe-containers.ts';
import type { ContainerFigures } from '../../environments/harness/observe-containers.ts';
import type { ServiceRef } from '../../environments/harness/types.ts';
import type { ResourceSampler } from '../../scenarios/engines/engine.ts';

const EVERY_MS = 1_000;

/** Reads CPU and memory of containers each second until stopped; a container that went away just ends. */
export function sampleResources(services: readonly ServiceRef[]): ResourceSampler {
  const began = performance.now();
  const readings = new Map<string, ContainerFigures[]>(services.map(({ name }) => [name, []]));
  let round: Promise<unknown> = Promise.resolve();
  const read = (): void => {
    round = Promise.allSettled(
      services.map(async ({ name, containerId }) => readings.get(name)?.push(await containerFigures(containerId))),
    );
  };
  read();
  const timer = setInterval(read, EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await round;
      return services.map(({ name, role }) => ({
        container: name,
        role: role === 'generator' || role === 'vantage' ? ('instrument' as const) : ('sut' as const),
        ...curves(readings.get(name) ?? [], began),
      }));
    },
  };
}

function curves(
  readings: readonly ContainerFigures[],
  began: number,
): { cpu_cores: [number, number][]; memory_mib: [number, number][] } {
  const at = (reading: ContainerFigures): number => Math.round((reading.at_ms - began) / 100) / 10;
  return {
    cpu_cores: readings.slice(1).map((reading, index) => {
      const before = readings[index] ?? reading;
      const share = (reading.used_ms - before.used_ms) / Math.max(1, reading.at_ms - before.at_ms);
      return [at(reading), Math.round(share * 1000) / 1000];
    }),
    memory_mib: readings.map((reading) => [at(reading), Math.round(reading.memory_mib * 10) / 10]),
  };
}
