import { threadId } from 'node:worker_threads';
import { exec } from '../environments/harness/containers.ts';
import type { ExecResult, ServiceRef } from '../environments/harness/types.ts';
import type { ClientAddress } from './addresses.ts';
import type {
  HeaderList,
  HttpObservation,
  HttpStep,
  Observation,
  RawObservation,
  RawStep,
  RequestSpec,
  Step,
  Target,
  TlsOptions,
  WebSocketObservation,
  WebSocketStep,
} from './clients/protocol.ts';

/** Anything that can carry out a schedule: the vantage's agent, or this process. */
export interface Scheduler {
  schedule(
    steps: readonly Step[],
  ): Promise<{ readonly observations: readonly Observation[]; readonly lateness_ms_max: number }>;
}

export interface RequestOptions {
  readonly method?: string;
  /** Added to the ordinary headers of the route; a name given here replaces the ordinary one, `null` drops it. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly body?: RequestSpec['body'];
  readonly chunked?: boolean;
  readonly protocol?: HttpStep['protocol'];
  readonly at_ms?: number;
  readonly connection?: string;
  readonly preconnect?: boolean;
  readonly timeout_ms?: number;
  readonly keepBody?: number;
  readonly readRate_bytesPerS?: number;
  readonly tls?: TlsOptions;
  /** Plain HTTP: on port 80, or on another one. */
  readonly plain?: boolean | number;
  /** Behaviour asked of the backend (its `x-behave` header). */
  readonly behave?: Readonly<Record<string, unknown>>;
}

/** A request with its path: one row of a {@link Client.all} schedule. */
export interface Planned extends RequestOptions {
  readonly path: string;
}

let sequence = 0;

/** Start of this process, ms: tells runs apart. */
const BORN = Math.floor(performance.timeOrigin).toString(36);

/**
 * A name that nothing else in this run uses: marks a request so that logs and
 * backends can be asked for it. Workers of one process share its identifier and
 * may be born in the same millisecond, so the thread is part of it; the closing
 * letter keeps one marker from being the beginning of another.
 */
export function marker(prefix = 'm'): string {
  sequence += 1;
  return `${prefix}-${BORN}-${process.pid.toString(36)}-${threadId.toString(36)}-${sequence.toString(36)}z`;
}

/** What `nginx -T` printed, by container. With a firewall's rules to load it takes a second. */
const configs = new Map<string, Promise<string>>();

/** A gateway under test, as clients meet it. */
export class Gateway {
  readonly service: ServiceRef;
  readonly serverName: string;
  readonly #scheduler: Scheduler;

  constructor(service: ServiceRef, serverName: string, scheduler: Scheduler) {
    this.service = service;
    this.serverName = serverName;
    this.#scheduler = scheduler;
  }

  /** The gateway as seen from one client address. @throws {RangeError} when they share no network */
  at(client: ClientAddress): Client {
    const address = this.service.addresses[client.network];
    if (!address) throw new RangeError(`${this.service.name} is not on network ${client.network}`);
    return new Client(
      this.#scheduler,
      client,
      { address, port: 443, tls: { serverName: this.serverName } },
      this.serverName,
    );
  }

  /** The configuration that nginx itself says it runs (`nginx -T`), read once until it is told to reload. */
  config(): Promise<string> {
    let printed = configs.get(this.service.containerId);
    if (!printed) {
      printed = this.exec(['nginx', '-T']).then(({ stdout }) => stdout);
      configs.set(this.service.containerId, printed);
    }
    return printed;
  }

  /** The configuration has changed. */
  forgetConfig(): void {
    configs.delete(this.service.containerId);
  }

  /** Lines of the error log that contain a text. */
  async errorLog(contains: string): Promise<string[]> {
    return this.#grep('/var/log/nginx/error.log', contains);
  }

  /** Lines of the access log that contain a text. */
  async accessLog(contains: string): Promise<string[]> {
    return this.#grep('/var/log/nginx/access.log', contains);
  }

  /** Runs a command in the gateway's container. */
  async exec(argv: readonly string[]): Promise<ExecResult> {
    return exec(this.service.containerId, argv);
  }

  async #grep(file: string, contains: string): Promise<string[]> {
    const { stdout } = await this.exec(['grep', '-aF', '--', contains, file]);
    return stdout.split('\n').filter((line) => line !== '');
  }
}

/** One client address and the gateway it talks to. */
export class Client {
  readonly client: ClientAddress;
  readonly target: Target;
  readonly serverName: string;
  readonly #scheduler: Scheduler;
  #user = 0;

  constructor(scheduler: Scheduler, client: ClientAddress, target: Target, serverName: string) {
    this.#scheduler = scheduler;
    this.client = client;
    this.target = target;
    this.serverName = serverName;
  }

  get address(): string {
    return this.client.address;
  }

  /** Sends one request and waits for its end. */
  async request(path: string, options: RequestOptions = {}): Promise<HttpObservation> {
    const [observation] = await this.all([{ path, ...options }]);
    if (!observation) throw new Error('the agent returned no observation');
    return observation;
  }

  /** Sends several requests as one open-loop schedule; observations come in the order of the plan. */
  async all(plan: readonly Planned[]): Promise<HttpObservation[]> {
    const { observations } = await this.#scheduler.schedule(plan.map((planned, index) => this.step(planned, index)));
    return inOrder(observations, plan.length, 'http');
  }

  /** The step that a plan entry becomes: for schedules that mix clients. See {@link mixed}. */
  step(planned: Planned, index: number): HttpStep {
    const { path, plain, tls } = planned;
    const target: Target = plain
      ? { address: this.target.address, port: plain === true ? 80 : plain }
      : { ...this.target, tls: { ...this.target.tls, ...tls } };
    return {
      kind: 'http',
      id: String(index),
      at_ms: planned.at_ms ?? 0,
      from: this.client.address,
      target,
      protocol: planned.protocol ?? 'http/1.1',
      ...(planned.connection === undefined ? {} : { connection: planned.connection }),
      ...(planned.preconnect === undefined ? {} : { preconnect: planned.preconnect }),
      ...(planned.keepBody === undefined ? {} : { keepBody: planned.keepBody }),
      ...(planned.readRate_bytesPerS === undefined ? {} : { readRate_bytesPerS: planned.readRate_bytesPerS }),
      request: {
        method: planned.method ?? 'GET',
        path,
        headers: this.#headers(path, planned),
        ...(planned.body === undefined ? {} : { body: planned.body }),
        ...(planned.chunked === undefined ? {} : { chunked: planned.chunked }),
      },
      timeout_ms: planned.timeout_ms ?? 20_000,
    };
  }

  async raw(
    step: Omit<RawStep, 'kind' | 'id' | 'from' | 'target' | 'at_ms'> & {
      tls?: TlsOptions | false;
      port?: number;
      at_ms?: number;
    },
  ): Promise<RawObservation> {
    const [observation] = await this.raws([step]);
    if (!observation) throw new Error('the agent returned no observation');
    return observation;
  }

  /** Several raw connections side by side. */
  async raws(
    steps: readonly (Omit<RawStep, 'kind' | 'id' | 'from' | 'target' | 'at_ms'> & {
      tls?: TlsOptions | false;
      port?: number;
      at_ms?: number;
    })[],
  ): Promise<RawObservation[]> {
    const { observations } = await this.#scheduler.schedule(
      steps.map(({ tls, port, at_ms, ...step }, index) => ({
        ...step,
        kind: 'raw',
        id: String(index),
        at_ms: at_ms ?? 0,
        from: this.client.address,
        target: {
          address: this.target.address,
          port: port ?? (tls === false ? 80 : 443),
          ...(tls === false ? {} : { tls: { ...this.target.tls, ...tls } }),
        },
      })),
    );
    return inOrder(observations, steps.length, 'raw');
  }

  async websockets(
    steps: readonly (Partial<Omit<WebSocketStep, 'kind' | 'id' | 'from' | 'target'>> & { path: string })[],
  ): Promise<WebSocketObservation[]> {
    const { observations } = await this.#scheduler.schedule(
      steps.map((step, index) => ({
        at_ms: 0,
        messages: [],
        hold_ms: 0,
        timeout_ms: 15_000,
        ...step,
        kind: 'websocket',
        id: String(index),
        from: this.client.address,
        target: this.target,
      })),
    );
    return inOrder(observations, steps.length, 'websocket');
  }

  async websocket(
    path: string,
    step: Partial<Omit<WebSocketStep, 'kind' | 'id' | 'from' | 'target' | 'path'>> = {},
  ): Promise<WebSocketObservation> {
    const [observation] = await this.websockets([{ ...step, path }]);
    if (!observation) throw new Error('the agent returned no observation');
    return observation;
  }

  /**
   * The headers of an ordinary request. API requests carry a valid credential of a
   * user of their own, so that per-user limits meet only where a case wants them to;
   * admin requests carry an admin token.
   */
  #headers(path: string, { headers = {}, behave }: Planned): HeaderList {
    this.#user += 1;
    const ordinary: Record<string, string | readonly string[]> = { host: this.serverName, 'user-agent': 'gateproof' };
    if (path.startsWith('/api/')) {
      const admin = path.startsWith('/api/v1/admin');
      ordinary['authorization'] = `Bearer valid:${marker(`u${String(this.#user)}`)}:${admin ? 'admin' : 'user'}`;
      if (admin) ordinary['x-admin-token'] = 'operator';
    }
    if (behave) ordinary['x-behave'] = JSON.stringify(behave);
    for (const [name, value] of Object.entries(headers)) {
      if (value === null) Reflect.deleteProperty(ordinary, name.toLowerCase());
      else ordinary[name.toLowerCase()] = value;
    }
    return Object.entries(ordinary).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as const] : value.map((one) => [name, one] as const),
    );
  }
}

/** Requests of several clients in one schedule, in the order of the plan. */
export async function mixed(
  scheduler: Scheduler,
  plan: readonly (Planned & { client: Client })[],
): Promise<HttpObservation[]> {
  const { observations } = await scheduler.schedule(
    plan.map(({ client, ...planned }, index) => client.step(planned, index)),
  );
  return inOrder(observations, plan.length, 'http');
}

function inOrder<K extends Observation['kind']>(
  observations: readonly Observation[],
  count: number,
  kind: K,
): Extract<Observation, { kind: K }>[] {
  const byId = new Map(observations.map((observation) => [observation.id, observation]));
  return Array.from({ length: count }, (_, index) => {
    const observation = byId.get(String(index));
    if (observation?.kind !== kind)
      throw new Error(`the agent returned no ${kind} observation for step ${String(index)}`);
    return observation as Extract<Observation, { kind: K }>;
  });
}
