import { watchCores } from '../../environments/harness/host-cores.ts';
import type { CoreReading, CoreSets } from '../../environments/harness/host-cores.ts';
import { localReader } from '../../environments/harness/local-figures.ts';
import type { LocalFigures } from '../../environments/harness/local-figures.ts';
import { watchNginx } from '../../environments/harness/nginx-status.ts';
import type { NginxStatus } from '../../environments/harness/nginx-status.ts';
import { workerMemory } from '../../environments/harness/nginx-workers.ts';
import { containerFigures } from '../../environments/harness/observe-containers.ts';
import { isInstrument } from '../../environments/harness/pinning.ts';
import type { ServiceRef } from '../../environments/harness/types.ts';
import type { ContainerResources } from '../../reports/record/types.ts';
import type { ResourceSampler } from '../../scenarios/engines/engine.ts';
import { coreCurves } from './core-curves.ts';
import { Curves, thinned } from './curves.ts';
import { nodeInternals } from './node-internals.ts';

const EVERY_MS = 1_000;
/** A look at the processes of a container is work for its processors, so it is a rare one. */
const WORKERS_EVERY_MS = 5_000;

/** What is watched while a load is under way. */
export interface Watched {
  readonly services: readonly ServiceRef[];
  /** Their nginx is asked for its connections; the first one's workers are looked at. */
  readonly gateways: readonly ServiceRef[];
  readonly serverName: string;
  /** Of system and generator; null where they are not told apart. */
  readonly cores: CoreSets | null;
  /** Also the memory of the gateway's workers. */
  readonly workers: boolean;
  /** Is asked, once the load has ended, what it learned of the applications. */
  readonly prometheus?: ServiceRef | undefined;
  /** Told what could not be read, and therefore is not in the record. */
  readonly missing: (what: string) => void;
}

/** Reads what containers use each second until stopped; a container that went away just ends. */
export function sampleResources(watched: Watched): ResourceSampler {
  const { services, gateways, serverName, cores, workers, prometheus, missing } = watched;
  const watchedFrom_ms = performance.now();
  const [first] = gateways;
  const worker = workers && first ? sampleWorkers(first.containerId) : undefined;
  const nginx = gateways.map((gateway) => watchNginx(gateway, serverName).catch(() => undefined));
  const readings = new Map<string, LocalFigures[]>(services.map(({ name }) => [name, []]));
  const readers = new Map(services.map(({ name, containerId }) => [name, localReader(containerId)]));
  const host = cores && sampleCores(services, readers);
  const look = async ({ name, containerId }: ServiceRef): Promise<void> => {
    const local = await readers.get(name);
    const figures = local ? await local() : { ...(await containerFigures(containerId)), descriptors: null };
    const seen = readings.get(name);
    // The engine reads at a pace of its own: two who wait for the same reading are told it twice.
    if (figures.at_ms - (seen?.at(-1)?.at_ms ?? Number.NEGATIVE_INFINITY) < EVERY_MS / 2) return;
    seen?.push(figures);
  };
  const figures = repeatedly(EVERY_MS, () => Promise.allSettled(services.map(look)));
  return {
    async stop(begun_ms) {
      const began_ms = begun_ms ?? watchedFrom_ms;
      const since_ms = Date.now() - (performance.now() - began_ms);
      const status = new Map(
        await Promise.all(gateways.map(async ({ name }, n) => [name, (await nginx[n])?.stop() ?? []] as const)),
      );
      await figures.stop();
      const worker_mib = await worker?.stop();
      const busy = cores ? coreCurves(cores, (await host?.stop()) ?? [], began_ms) : [];
      const node = prometheus && (await nodeInternals(prometheus, since_ms).catch(() => undefined));
      const descriptors = [...readings.values()].flat().some((reading) => reading.descriptors !== null);
      const applications = (node?.size ?? 0) > 0;
      const silent = [...status].flatMap(([name, seen]) => (seen.length === 0 ? [name] : []));
      for (const what of untold(watched, { silent, descriptors, applications, cores: busy.length > 0 })) missing(what);
      const resources = services.map(({ name, role }) => ({
        container: name,
        role: isInstrument(role) ? ('instrument' as const) : ('sut' as const),
        ...used(readings.get(name) ?? [], began_ms),
        ...(name === first?.name && worker_mib
          ? { worker_mib: new Curves(worker_mib, began_ms).level(({ most_mib }) => most_mib) }
          : {}),
        ...nginxOf(status.get(name) ?? [], began_ms),
        ...(node?.has(name) ? { node: node.get(name) } : {}),
      }));
      return busy.length > 0 ? { resources, cores: busy } : { resources };
    },
  };
}

/** In words, what should have been read and was not. */
function untold(
  { prometheus, cores }: Watched,
  read: Readonly<Record<'descriptors' | 'applications' | 'cores', boolean>> & { readonly silent: readonly string[] },
): string[] {
  return [
    ...read.silent.map((gateway) => `the nginx of ${gateway} tells nobody about its connections`),
    ...(read.descriptors ? [] : ['open file descriptors cannot be read on this machine']),
    ...(prometheus && !read.applications
      ? ['Prometheus gets no metrics of the applications, so their heaps and event loops are unknown']
      : []),
    ...(cores && !read.cores ? ['the cores of the machine cannot be read, so what the kernel did is unknown'] : []),
  ];
}

/** Cores of the machine that the containers run on: this one when their figures are found here. An instrument looks where that is another. */
function sampleCores(
  services: readonly ServiceRef[],
  readers: ReadonlyMap<string, ReturnType<typeof localReader>>,
): { stop(): Promise<readonly CoreReading[]> } {
  const looker = services.find(({ role }) => role === 'generator') ?? services[0];
  const watch = (async () => {
    const local = (await readers.get(looker?.name ?? '')) ?? null;
    return watchCores(looker?.containerId ?? '', local !== null);
  })().catch(() => undefined);
  return {
    async stop() {
      return (await watch)?.stop() ?? [];
    },
  };
}

/** Memory of the largest worker. */
function sampleWorkers(containerId: string): { stop(): Promise<{ at_ms: number; most_mib: number }[]> } {
  const seen: { at_ms: number; most_mib: number }[] = [];
  const looks = repeatedly(WORKERS_EVERY_MS, () =>
    workerMemory(containerId)
      .then((each) => {
        if (each.length > 0) seen.push({ at_ms: performance.now(), most_mib: Math.max(...each) });
      })
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

function used(
  readings: readonly LocalFigures[],
  began_ms: number,
): Pick<ContainerResources, 'cpu_cores' | 'memory_mib' | 'received_kibPerS' | 'sent_kibPerS' | 'descriptors'> {
  const curves = new Curves(readings, began_ms);
  const counted = readings.filter(({ descriptors }) => descriptors !== null);
  return {
    cpu_cores: curves.rate(({ used_ms }) => used_ms / 1000, 3),
    memory_mib: curves.level(({ memory_mib }) => memory_mib),
    received_kibPerS: thinned(curves.rate(({ received_bytes }) => received_bytes / 1024)),
    sent_kibPerS: thinned(curves.rate(({ sent_bytes }) => sent_bytes / 1024)),
    ...(counted.length === 0
      ? {}
      : { descriptors: thinned(new Curves(counted, began_ms).level(({ descriptors }) => descriptors ?? 0)) }),
  };
}

function nginxOf(status: readonly NginxStatus[], began_ms: number): Pick<ContainerResources, 'nginx'> {
  if (status.length < 2) return {};
  const curves = new Curves(status, began_ms);
  const nginx = {
    active: thinned(curves.level(({ active }) => active)),
    reading: thinned(curves.level(({ reading }) => reading)),
    writing: thinned(curves.level(({ writing }) => writing)),
    waiting: thinned(curves.level(({ waiting }) => waiting)),
    accepted_perS: thinned(curves.rate(({ accepted }) => accepted)),
    handled_perS: thinned(curves.rate(({ handled }) => handled)),
    requests_perS: thinned(curves.rate(({ requests }) => requests)),
  };
  return { nginx };
}
