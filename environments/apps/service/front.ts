import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { json, send } from './answer.ts';
import { arrivalOf, isMonitoring } from './arrivals.ts';
import type { Arrival } from './arrivals.ts';
import { BehaviourError, decide, parseBehaviour, shapes } from './behaviour.ts';
import type { Decision, InstanceBehaviour } from './behaviour.ts';
import { readBody } from './body.ts';
import type { Config } from './config.ts';
import { countRequest } from './connections.ts';
import { cors } from './cors.ts';
import type { InstanceFile } from './instance-file.ts';
import { levelOf } from './log.ts';
import type { Log } from './log.ts';
import { STREAM_PREFIX, hasServiceTime, rawAnswer, serverSentEvents } from './routes/raw.ts';
import type { RawContext } from './routes/raw.ts';

/** What the front of an instance hands requests on to, and what it tells. */
export interface FrontOptions {
  readonly config: Config;
  readonly log: Log;
  readonly file: InstanceFile;
  readonly record: (arrival: Arrival) => void;
  /** Whether a named route answers, and the listener that does. */
  readonly isNamed: (method: string, path: string) => boolean;
  readonly named: () => Promise<RequestListener>;
  readonly socketIo: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly drawServiceTime: () => number;
  /** Called once per answer; the duration is in seconds, the status as it was sent. */
  readonly answered: (request: IncomingMessage, status: number, duration_s: number) => void;
}

/** Everything that happens to a request before its route, and the routes that need it as it arrived. */
export class Front {
  readonly #options: FrontOptions;
  readonly #active = new Set<ServerResponse>();
  readonly #seen = new Map<string, number>();
  #serial = 0;
  #stopping = false;

  constructor(options: FrontOptions) {
    this.#options = options;
  }

  /** Answers one request; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const arrival = this.arrived(request, false);
      this.#watch(request, response, arrival);
      if (this.#stopping) response.shouldKeepAlive = false;
      response.setHeader('X-Served-By', this.#options.config.instance);
      await this.#route(request, response, arrival);
    } catch (error) {
      await this.#fail(response, error);
    }
  }

  /** From now on every answer closes its connection. */
  stop(): void {
    this.#stopping = true;
    for (const response of this.#active) if (!response.headersSent) response.shouldKeepAlive = false;
  }

  /** Counts and records a request the moment its head is here. */
  arrived(request: IncomingMessage, upgrade: boolean): Arrival {
    const { config, record } = this.#options;
    countRequest(request.socket);
    const arrival = arrivalOf(request, config, upgrade);
    if (!isMonitoring(request, this.#spared())) record(arrival);
    return arrival;
  }

  /**
   * What holds for this request by its own header and by the instance's file.
   * @throws BehaviourError when either cannot be understood.
   */
  decision(request: IncomingMessage, path: string): Decision & { readonly instance: InstanceBehaviour } {
    const { config, file } = this.#options;
    const instance = this.#fileBehaviour(file);
    const header = String(request.headers['x-behave'] ?? '');
    const asked = header === '' ? {} : parseBehaviour(header);
    // A gateway's sub-request carries the client's headers too: the authentication service minds only what names it.
    const mine = config.service === 'auth' && !asked.only?.includes(config.instance) ? {} : asked;
    const count = (key: string): number => {
      const hits = (this.#seen.get(key) ?? 0) + 1;
      this.#seen.set(key, hits);
      return hits;
    };
    return { ...decide(mine, instance, { instance: config.instance, path, spared: this.#spared(), count }), instance };
  }

  #fileBehaviour(file: InstanceFile): InstanceBehaviour {
    try {
      return file.current();
    } catch (error) {
      if (error instanceof BehaviourError)
        throw new Error(`behaviour file of ${this.#options.config.instance}: ${error.message}`, { cause: error });
      throw error;
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse, arrival: Arrival): Promise<void> {
    const { config, isNamed, named, socketIo } = this.#options;
    const method = request.method ?? '';
    const path = pathOf(request);
    if (config.service !== 'auth' && cors(request, response, config.corsOrigins)) return;
    const { behaviour, hits, instance } = this.decision(request, path);
    const shaped = shapes(behaviour);
    const ownRoute = !shaped && !behaviour.hang && !behaviour.reset;
    if (ownRoute && (isNamed(method, path) || path.startsWith('/socket.io/'))) {
      if (behaviour.delay_ms !== undefined) await wait(behaviour.delay_ms);
      if (path.startsWith('/socket.io/')) return socketIo(request, response);
      (await named())(request, response);
      return;
    }
    const body = behaviour.neverRead ? null : await readBody(request);
    if (behaviour.delay_ms !== undefined) await wait(behaviour.delay_ms);
    if (hasServiceTime(path)) await this.#serve(response, instance);
    if (behaviour.hang) return;
    if (behaviour.reset && !behaviour.stream) return void request.socket.resetAndDestroy();
    if (response.destroyed) return;
    if (ownRoute && path.startsWith(STREAM_PREFIX)) return serverSentEvents(request, response, config.instance);
    const context: RawContext = {
      arrival,
      worker: config.worker,
      body,
      hits,
      inFlight: this.#active.size,
      serial: () => (this.#serial += 1),
    };
    await send(response, rawAnswer(path, context), behaviour);
  }

  /** Takes the documented time, and says how long it was meant to be. */
  async #serve(response: ServerResponse, { serviceTime }: InstanceBehaviour): Promise<void> {
    const drawn = this.#options.drawServiceTime() * (serviceTime?.scale ?? 1);
    const time_ms = serviceTime?.fixed_ms ?? drawn;
    response.setHeader('X-Service-Time-Ms', time_ms.toFixed(3));
    await wait(time_ms);
  }

  async #fail(response: ServerResponse, error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    // The client left while its request was read: nobody to tell.
    if (response.destroyed) return;
    this.#options.log('error', { message });
    if (response.headersSent) return void response.destroy();
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    const asked = error instanceof BehaviourError || isHeaderError(error);
    await send(
      response,
      json(asked ? 400 : 500, {
        error: asked ? `x-behave: ${message}` : message,
        instance: this.#options.config.instance,
      }),
      {},
    );
  }

  /** Keeps count, and writes the log line when the answer is out or the connection is gone. */
  #watch(request: IncomingMessage, response: ServerResponse, { ip }: Arrival): void {
    const { config, log, answered } = this.#options;
    const start = performance.now();
    const path = pathOf(request);
    this.#active.add(response);
    response.once('close', () => {
      this.#active.delete(response);
      const duration_ms = performance.now() - start;
      const complete = response.writableFinished;
      answered(request, response.statusCode, duration_ms / 1000);
      log(complete ? levelOf(response.statusCode) : 'warn', {
        requestId: text(request.headers['x-request-id']) ?? `req_${randomUUID()}`,
        userId: text(request.headers['x-auth-user']),
        method: request.method ?? '',
        path,
        statusCode: response.statusCode,
        duration: Math.round(duration_ms),
        ip,
        userAgent: text(request.headers['user-agent']),
        message: complete ? `${config.service} answered` : 'connection closed before the answer was complete',
      });
    });
  }

  /** Paths of operations, which an instance's file changes only when it names them. */
  #spared(): readonly string[] {
    const { health, metrics } = this.#options.config;
    return [health.path, metrics.path];
  }
}

/** The path of a request target as sent: without query, and of an absolute target without scheme and host. */
export function pathOf(request: IncomingMessage): string {
  const [target] = (request.url ?? '').split('?');
  return (target ?? '').replace(/^https?:\/\/[^/]*/i, '');
}

function text(value: string | string[] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function isHeaderError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ERR_INVALID_HTTP_TOKEN' || error.code === 'ERR_INVALID_CHAR')
  );
}
