import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { join } from 'node:path';
import { arrivalLog } from './arrivals.ts';
import { BehaviourError } from './behaviour.ts';
import type { Config } from './config.ts';
import { Connections } from './connections.ts';
import { Front } from './front.ts';
import { InstanceFile } from './instance-file.ts';
import { logger } from './log.ts';
import type { Log } from './log.ts';
import { createMetrics, methodLabel, statusLabel } from './metrics.ts';
import type { Metrics } from './metrics.ts';
import { sourceOf } from './metrics-cluster.ts';
import { isNamed } from './routes/names.ts';
import { seedOf, serviceTimes } from './service-time.ts';
import type { SocketIo } from './socket-io.ts';
import { openStores } from './stores/index.ts';
import { Upgrades, isUpgradeWanted } from './upgrades.ts';

/** A running instance, or one worker of it. */
export interface Instance {
  readonly config: Config;
  readonly log: Log;
  /** Loads everything that a first request would otherwise wait for. */
  readonly warm: () => Promise<void>;
  /** Follows the instance's file (see `listening`), or just listens. @throws Error when the address cannot be taken. */
  readonly listen: () => Promise<void>;
  /** Takes no further connections, lets answers finish, says goodbye to WebSockets; resolves when all is closed. */
  readonly stop: () => Promise<void>;
}

/** How soon a changed `listening` takes effect without any request. */
const FILE_POLL_MS = 100;

/** Limits belong to the gateway: what it lets through is to arrive here. */
const SERVER_OPTIONS = {
  maxHeaderSize: 64 * 1024,
  requireHostHeader: false,
  requestTimeout: 0,
  headersTimeout: 0,
} as const;

/** Wires one instance; nothing listens yet. */
export async function createInstance(config: Config): Promise<Instance> {
  const log = logger(config);
  const metrics = createMetrics();
  const file = new InstanceFile(join(config.runDir, `${config.instance}.json`));
  const stores = await openStores(config, metrics, log);
  const metricsSource = await sourceOf(metrics.registry, config);
  const server = createServer({
    ...SERVER_OPTIONS,
    keepAliveTimeout: config.keepAliveTimeout_ms,
    shouldUpgradeCallback: (request) => isUpgradeWanted(config, request),
  });
  server.maxHeadersCount = 0;
  const named = once<RequestListener>(async () =>
    (await import('./routes/named.ts')).namedRoutes(server, { config, metrics, metricsSource, stores }),
  );
  const socketIo = once<SocketIo>(async () => (await import('./socket-io.ts')).createSocketIo(config, stores, log));
  const front = new Front({
    config,
    log,
    file,
    record: arrivalLog(config),
    isNamed: (method, path) => isNamed(config, method, path),
    named: named.get,
    socketIo: async (request, response) => (await socketIo.get()).request(request, response),
    drawServiceTime: serviceTimes(seedOf(config.serviceTimeSeed, `${config.instance}/${String(config.worker)}`)),
    answered: (request, status, duration_s) => observe(metrics, request.method, status, duration_s),
  });
  const upgrades = new Upgrades(config, front, log, socketIo.get);
  const connections = new Connections(server, (open) => metrics.activeConnections.set(open));
  server.on('request', (request, response) => void front.handle(request, response));
  server.on('upgrade', (request, socket, head) => void upgrades.handle(request, socket, head));
  const listener = new Listener(server, config, connections, file, log);
  return {
    config,
    log,
    warm: async () => {
      await named.get();
      if (config.service !== 'auth') await Promise.all([upgrades.load(), socketIo.get()]);
    },
    listen: () => listener.start(),
    stop: async () => {
      front.stop();
      const closed = listener.stop();
      await upgrades.close();
      if (socketIo.started()) (await socketIo.get()).close();
      await closed;
      await metricsSource.close();
      await stores.close();
    },
  };
}

function observe(metrics: Metrics, method: string | undefined, status: number, duration_s: number): void {
  const labels = { method: methodLabel(method), status_code: statusLabel(status) };
  metrics.requests.inc(labels);
  metrics.requestDuration.observe(labels, duration_s);
}

/** Keeps the server listening as the instance's file says. */
class Listener {
  readonly #server: Server;
  readonly #config: Config;
  readonly #connections: Connections;
  readonly #file: InstanceFile;
  readonly #log: Log;
  #timer: NodeJS.Timeout | null = null;
  #complaint = '';

  constructor(server: Server, config: Config, connections: Connections, file: InstanceFile, log: Log) {
    this.#server = server;
    this.#config = config;
    this.#connections = connections;
    this.#file = file;
    this.#log = log;
  }

  async start(): Promise<void> {
    if (this.#wanted()) await this.#open();
    this.#server.on('error', (error) => this.#log('error', { message: error.message }));
    this.#timer = setInterval(() => this.#follow(), FILE_POLL_MS);
  }

  /** Resolves when the last connection is gone; connections between two requests are closed at once. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    if (!this.#server.listening) return;
    const sweep = setInterval(() => this.#server.closeIdleConnections(), FILE_POLL_MS);
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    clearInterval(sweep);
  }

  #follow(): void {
    const wanted = this.#wanted();
    if (wanted === this.#server.listening) return;
    this.#log('warn', { message: wanted ? 'listens again' : 'closes its listener' });
    if (wanted) return void this.#open().catch((error: unknown) => this.#log('error', { message: String(error) }));
    this.#server.close();
    this.#connections.destroyAll();
  }

  #open(): Promise<void> {
    const { host, port } = this.#config;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** A file that cannot be understood changes nothing here; requests get the error. */
  #wanted(): boolean {
    try {
      return this.#file.current().listening ?? true;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof BehaviourError && message !== this.#complaint)
        this.#log('error', { message: `behaviour file: ${message}` });
      this.#complaint = message;
      return this.#server.listening;
    }
  }
}

/** A value that is made when it is first asked for. */
function once<T>(make: () => Promise<T>): { readonly get: () => Promise<T>; readonly started: () => boolean } {
  let made: Promise<T> | null = null;
  return { get: () => (made ??= make()), started: () => made !== null };
}
