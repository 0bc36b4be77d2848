import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentPool } from './agents.ts';
import { ClientAddresses } from './addresses.ts';
import type { ClientAddress } from './addresses.ts';
import { Gateway } from './gateway.ts';
import type { Client } from './gateway.ts';
import { exec, putFiles } from '../environments/harness/containers.ts';
import { Replicas } from '../environments/harness/replica.ts';
import type { Behaviour } from '../environments/harness/replica.ts';
import type { ExecResult, ReplicaOptions, ServiceRef, TopologyDescriptor } from '../environments/harness/types.ts';
import type { ClientBlock } from '../environments/harness/types.ts';
import type { Arrival } from './clients/protocol.ts';

/** A replica as a case uses it: its gateway, and its backends when they are private. */
export interface CaseReplica {
  readonly gateway: Gateway;
  /** Upstream server name → address. */
  readonly instances: Readonly<Record<string, string>>;
  behave(instance: string, behaviour: Behaviour): Promise<void>;
  reload(): Promise<void>;
}

/** A gateway with a broken configuration that stands for the first one; its edit goes into every replica too. */
export interface StandIn {
  readonly gateway: ServiceRef;
  readonly edit: NonNullable<ReplicaOptions['edit']>;
}

interface SessionParts {
  readonly lanes: readonly number[];
  readonly topology: TopologyDescriptor;
  readonly addresses: ClientAddresses;
  readonly replicas: Replicas;
  readonly agents: AgentPool;
}

/** What a process needs to run cases: agents, addresses, replicas. Shared by its cases; closed at the end. */
export class Session implements AsyncDisposable {
  readonly lanes: readonly number[];
  readonly topology: TopologyDescriptor;
  readonly addresses: ClientAddresses;
  readonly replicas: Replicas;
  readonly #agents: AgentPool;
  readonly #standIn: StandIn | undefined;
  readonly #scaled = new Map<number, Promise<CaseReplica>>();
  readonly #once = new Map<string, Promise<unknown>>();
  readonly #disposables: AsyncDisposable[] = [];

  private constructor(parts: SessionParts, standIn?: StandIn) {
    this.lanes = parts.lanes;
    this.topology = parts.topology;
    this.addresses = parts.addresses;
    this.replicas = parts.replicas;
    this.#agents = parts.agents;
    this.#standIn = standIn;
  }

  /** Opens a session; its `lanes` (each 0–3) are nobody else's. */
  static open(topology: TopologyDescriptor, lanes: readonly number[]): Session {
    return new Session({
      lanes,
      topology,
      addresses: new ClientAddresses(topology, lanes),
      replicas: new Replicas(topology, lanes),
      agents: new AgentPool(topology),
    });
  }

  /** The same lanes with another gateway in place of the first. Dispose of it before the session itself. */
  standingIn(standIn: StandIn): Session {
    return new Session(
      {
        lanes: this.lanes,
        topology: this.topology,
        addresses: this.addresses,
        replicas: this.replicas,
        agents: this.#agents,
      },
      standIn,
    );
  }

  /** The agent in the vantage: where clients' requests start. */
  get vantage(): ReturnType<AgentPool['get']> {
    return this.#agents.get('vantage');
  }

  /** The agent among the backends: direct requests to instances, and the arrival log. */
  get inspector(): ReturnType<AgentPool['get']> {
    return this.#agents.get('inspector');
  }

  service(name: string): ServiceRef {
    const service = this.topology.services.find((candidate) => candidate.name === name);
    if (!service) throw new RangeError(`the topology has no service ${name}`);
    return service;
  }

  gateway(name = 'gateway-1'): Gateway {
    const service = this.#standIn && name === 'gateway-1' ? this.#standIn.gateway : this.service(name);
    return new Gateway(service, this.topology.serverName, this.vantage);
  }

  /** A file of the variant beside nginx's, such as `firewall/gateway.rules`; null when the variant has none. */
  async variantFile(path: string): Promise<string | null> {
    const file = join(this.topology.configDir, path);
    if (!existsSync(file)) return null;
    const text = await readFile(file, 'utf8');
    return this.#standIn ? this.#standIn.edit(path, text) : text;
  }

  /** A gateway of the caller's own; the caller disposes of it. */
  async startReplica(options: ReplicaOptions): Promise<CaseReplica & AsyncDisposable> {
    const { edit } = options;
    const mutate = this.#standIn?.edit;
    const both: ReplicaOptions['edit'] =
      mutate && edit ? (path, text) => edit(path, mutate(path, text)) : (mutate ?? edit);
    const replica = await this.replicas.start({ ...options, ...(both ? { edit: both } : {}) });
    const gateway = new Gateway(replica.gateway, this.topology.serverName, this.vantage);
    return {
      gateway,
      instances: replica.instances,
      behave: (instance, behaviour) => replica.behave(instance, behaviour),
      reload: async () => {
        gateway.forgetConfig();
        await replica.reload();
      },
      [Symbol.asyncDispose]: () => replica[Symbol.asyncDispose](),
    };
  }

  /** A gateway that lives as long as this session, for several cases that do not change it. */
  async standing(options: ReplicaOptions): Promise<CaseReplica> {
    const replica = await this.startReplica(options);
    this.#disposables.push(replica);
    return replica;
  }

  /** The gateway whose durations are divided by a factor: started once a process, with private backends. */
  scaled(factor: number): Promise<CaseReplica> {
    let started = this.#scaled.get(factor);
    if (!started) {
      started = this.standing({ backends: 'private', scale: factor });
      this.#scaled.set(factor, started);
    }
    return started;
  }

  /** Measures something once for all cases of this session that look at it; `what` names it, always with the same type. */
  once<T>(what: string, measure: () => Promise<T>): Promise<T> {
    const known = (this.#once.get(what) as Promise<T> | undefined) ?? measure();
    this.#once.set(what, known);
    return known;
  }

  /** What was measured once is to be measured anew. */
  forgetMeasured(): void {
    this.#once.clear();
  }

  /** What backends received with this text in the line of the arrival log (a marker in path or header). */
  async arrivals(marker: string): Promise<readonly Arrival[]> {
    return this.inspector.arrivals(marker);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#scaled.values()]);
    await Promise.all(this.#disposables.map((disposable) => disposable[Symbol.asyncDispose]()));
    if (this.#standIn) return;
    await Promise.all([this.#agents.close(), this.replicas[Symbol.asyncDispose]()]);
  }
}

/** What a case is given. Everything it starts through this is removed when the case ends. */
export class CaseContext implements AsyncDisposable {
  readonly session: Session;
  readonly #disposables: AsyncDisposable[] = [];

  constructor(session: Session) {
    this.session = session;
  }

  get variant(): TopologyDescriptor['variant'] {
    return this.session.topology.variant;
  }

  /** The first gateway of the topology (a mutant, when one is tried). */
  get gateway(): Gateway {
    return this.session.gateway();
  }

  fresh(block: ClientBlock['name'] = 'clients'): ClientAddress {
    return this.session.addresses.fresh(block);
  }

  /** An ordinary client of the first gateway, from an address that nobody used before. */
  client(block: ClientBlock['name'] = 'clients', gateway: Gateway = this.gateway): Client {
    return gateway.at(this.fresh(block));
  }

  /** An ordinary client for a path: admin requests come from the operators' network. */
  clientFor(path: string, gateway: Gateway = this.gateway): Client {
    return this.client(path.startsWith('/api/v1/admin') || path === '/nginx_status' ? 'operators' : 'clients', gateway);
  }

  async replica(options: Partial<ReplicaOptions> = {}): Promise<CaseReplica> {
    const replica = await this.session.startReplica({ backends: 'private', ...options });
    this.#disposables.push(replica);
    return replica;
  }

  scaled(factor = 10): Promise<CaseReplica> {
    return this.session.scaled(factor);
  }

  arrivals(marker: string): Promise<readonly Arrival[]> {
    return this.session.arrivals(marker);
  }

  /** Runs a command in a container of the topology. */
  async exec(service: string, argv: readonly string[]): Promise<ExecResult> {
    return exec(this.session.service(service).containerId, argv);
  }

  async put(service: string, path: string, content: string): Promise<void> {
    await putFiles(this.session.service(service).containerId, [{ path, content }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#disposables.map((disposable) => disposable[Symbol.asyncDispose]()));
  }
}
