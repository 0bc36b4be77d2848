import { streamExec } from '../environments/harness/containers.ts';
import { HarnessError } from '../environments/harness/errors.ts';
import type { TopologyDescriptor } from '../environments/harness/types.ts';
import { RemoteAgent } from './clients/remote-agent.ts';

/** Where the agent's sources lie in the vantage and the inspector. */
export const AGENT_PATH = '/opt/gateproof/conformance/clients/agent.ts';

/** Opens one agent per container and keeps it for the process. */
export class AgentPool {
  readonly #topology: TopologyDescriptor;
  readonly #agents = new Map<string, Promise<RemoteAgent>>();
  readonly #closers: (() => void)[] = [];

  constructor(topology: TopologyDescriptor) {
    this.#topology = topology;
  }

  /** The agent of `vantage` or `inspector`. */
  get(name: 'vantage' | 'inspector'): LazyAgent {
    let agent = this.#agents.get(name);
    if (!agent) {
      agent = this.#open(name);
      agent.catch(() => undefined);
      this.#agents.set(name, agent);
    }
    const opened = agent;
    return {
      schedule: async (steps) => (await opened).schedule(steps),
      arrivals: async (marker) => (await opened).arrivals(marker),
    };
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#agents.values()].map(async (agent) => (await agent).close()));
    for (const close of this.#closers) close();
  }

  async #open(name: string): Promise<RemoteAgent> {
    const service = this.#topology.services.find((candidate) => candidate.name === name);
    if (!service) throw new HarnessError(`the topology has no ${name}`, 'start it again');
    const streams = await streamExec(service.containerId, ['node', AGENT_PATH]);
    this.#closers.push(streams.close);
    return new RemoteAgent(streams, `${name} agent`);
  }
}

/** An agent that may still be starting. */
export type LazyAgent = Pick<RemoteAgent, 'schedule' | 'arrivals'>;
