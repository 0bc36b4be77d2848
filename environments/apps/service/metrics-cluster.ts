import cluster from 'node:cluster';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { AggregatorRegistry } from 'prom-client';
import type { Config } from './config.ts';
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';

/** Metrics of one worker as prom-client exchanges them. */
type Snapshot = MetricObjectWithValues<MetricValue<string>>[];

/** Answers with the metrics of the whole instance in Prometheus' text format. */
export interface MetricsSource {
  readonly contentType: string;
  readonly text: () => Promise<string>;
  /** Leaves the last figures for the surviving workers. */
  readonly close: () => Promise<void>;
}

/** A peer that does not answer by then counts with what it last showed. */
const PEER_TIMEOUT_MS = 1000;

/** The metrics that the settings ask for: those of this process alone, or those of all its siblings. */
export function sourceOf(
  registry: Registry,
  { metricsScope, runDir, instance }: Pick<Config, 'metricsScope' | 'runDir' | 'instance'>,
): Promise<MetricsSource> {
  return metricsScope === 'cluster' && cluster.isWorker
    ? clusterMetrics(registry, runDir, instance)
    : Promise.resolve(alone(registry));
}

/** Metrics of this process. */
function alone(registry: Registry): MetricsSource {
  return { contentType: registry.contentType, text: () => registry.metrics(), close: () => Promise.resolve() };
}

/**
 * A scrape reaches any one worker, and under PM2 no worker can ask the primary
 * process. So each worker serves its own figures on a UNIX socket in a folder
 * that all workers of the same primary share; the scraped one asks every
 * sibling and adds up. What a scrape has shown is written down, so that the
 * counters of a worker that died stay in the sum and no total ever falls. Lost
 * is only what a killed worker counted after the last scrape.
 */
async function clusterMetrics(registry: Registry, runDir: string, instance: string): Promise<MetricsSource> {
  const folder = join(runDir, 'metrics', `${instance}-${primaryId()}`);
  mkdirSync(folder, { recursive: true });
  const own = `${String(process.pid)}-${String(Date.now())}`;
  const socketPath = join(folder, `${own}.sock`);
  const server = createServer((_, response) => {
    void registry.getMetricsAsJSON().then((metrics) => response.end(JSON.stringify(metrics)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Exclusive: a cluster worker would otherwise share the socket with its siblings.
    server.listen({ path: socketPath, exclusive: true }, resolve);
  });
  server.unref();
  return {
    contentType: registry.contentType,
    text: async () => AggregatorRegistry.aggregate(await snapshots(folder)).metrics(),
    close: async () => {
      keep(folder, own, await registry.getMetricsAsJSON());
      rmSync(socketPath, { force: true });
      server.close();
    },
  };
}

async function snapshots(folder: string): Promise<Snapshot[]> {
  const workers = readdirSync(folder)
    .filter((name) => name.endsWith('.sock'))
    .map((name) => name.slice(0, -'.sock'.length));
  await Promise.all(workers.map((worker) => refresh(folder, worker)));
  const answered = new Set(readdirSync(folder).filter((name) => name.endsWith('.sock')));
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const snapshot = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Snapshot;
      // A worker that is gone has no open connections any more; what it counted stays counted.
      return answered.has(name.replace(/json$/, 'sock'))
        ? snapshot
        : snapshot.filter(({ type }) => String(type) !== 'gauge');
    });
}

async function refresh(folder: string, worker: string): Promise<void> {
  const socketPath = join(folder, `${worker}.sock`);
  try {
    keep(folder, worker, await ask(socketPath));
  } catch (error) {
    // Nobody listens there: killed without a chance to clean up.
    if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') rmSync(socketPath, { force: true });
  }
}

function ask(socketPath: string): Promise<Snapshot> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, path: '/', timeout: PEER_TIMEOUT_MS }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (chunk: string) => (text += chunk))
        .on('error', reject);
      response.on('end', () => resolve(JSON.parse(text) as Snapshot));
    });
    request
      .on('timeout', () => request.destroy(new Error('no answer in time')))
      .on('error', reject)
      .end();
  });
}

let writes = 0;

/** Renamed into place: siblings may read at any moment, and two may write the same worker's figures. */
function keep(folder: string, worker: string, snapshot: Snapshot): void {
  const temporary = join(folder, `${worker}.${String(process.pid)}.${String((writes += 1))}.tmp`);
  writeFileSync(temporary, JSON.stringify(snapshot));
  renameSync(temporary, join(folder, `${worker}.json`));
}

/** The primary's process id and start time (field 22 of /proc/<pid>/stat): a restart counts from zero. */
function primaryId(): string {
  const stat = readFileSync(`/proc/${String(process.ppid)}/stat`, 'utf8');
  // The command name in parentheses may hold spaces; fields are counted from behind it (the state is number 3).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return `${String(process.ppid)}-${fields[22 - 3] ?? ''}`;
}
