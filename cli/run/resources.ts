import { containerFigures } from '../../environments/harness/observe-containers.ts';
import type { ContainerFigures } from '../../environments/harness/observe-containers.ts';
import { workerMemory } from '../../environments/harness/nginx-workers.ts';
import type { ServiceRef } from '../../environments/harness/types.ts';
import type { ResourceSampler } from '../../scenarios/engines/engine.ts';

const EVERY_MS = 1_000;
/** A look at the processes of a container is work for its processors, so it is a rare one. */
const WORKERS_EVERY_MS = 5_000;

/**
 * Reads CPU and memory of containers each second until stopped, and the memory of the workers of
 * `nginx`; a container that went away just ends.
 */
export function sampleResources(services: readonly ServiceRef[], nginx?: ServiceRef): ResourceSampler {
  const began = performance.now();
  const workers = nginx && sampleWorkers(nginx.containerId, began);
  const readings = new Map<string, ContainerFigures[]>(services.map(({ name }) => [name, []]));
  const figures = repeatedly(EVERY_MS, () =>
    Promise.allSettled(
      services.map(async ({ name, containerId }) => readings.get(name)?.push(await containerFigures(containerId))),
    ),
  );
  return {
    async stop() {
      await figures.stop();
      const worker_mib = await workers?.stop();
      return services.map(({ name, role }) => ({
        container: name,
        role: role === 'generator' || role === 'vantage' ? ('instrument' as const) : ('sut' as const),
        ...curves(readings.get(name) ?? [], began),
        ...(worker_mib && name === nginx?.name ? { worker_mib } : {}),
      }));
    },
  };
}

/** Memory of the largest worker, with seconds since `began`. */
function sampleWorkers(containerId: string, began: number): { stop(): Promise<[number, number][]> } {
  const seen: [number, number][] = [];
  const looks = repeatedly(WORKERS_EVERY_MS, () =>
    workerMemory(containerId)
      .then((each) => seen.push([seconds(performance.now() - began), tenths(Math.max(...each))]))
      .catch(() => undefined),
  );
  return {
    async stop() {
      await looks.stop();
      return seen;
    },
  };
}

/** Reads at once and then every so often; `stop` waits for the last reading. */
function repeatedly(every_ms: number, read: () => Promise<unknown>): { stop(): Promise<unknown> } {
  let last = read();
  const timer = setInterval(() => {
    last = read();
  }, every_ms);
  return {
    stop() {
      clearInterval(timer);
      return last;
    },
  };
}

function curves(
  readings: readonly ContainerFigures[],
  began: number,
): { cpu_cores: [number, number][]; memory_mib: [number, number][] } {
  const at = (reading: ContainerFigures): number => seconds(reading.at_ms - began);
  return {
    cpu_cores: readings.slice(1).map((reading, index) => {
      const before = readings[index] ?? reading;
      const share = (reading.used_ms - before.used_ms) / Math.max(1, reading.at_ms - before.at_ms);
      return [at(reading), Math.round(share * 1000) / 1000];
    }),
    memory_mib: readings.map((reading) => [at(reading), tenths(reading.memory_mib)]),
  };
}

const tenths = (value: number): number => Math.round(value * 10) / 10;
const seconds = (ms: number): number => tenths(ms / 1000);
