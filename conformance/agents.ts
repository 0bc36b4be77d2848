import { streamExec } from '../environments/harness/containers.ts';
import { HarnessError } from '../environments/harness/errors.ts';
import type { TopologyDescriptor } from '../environments/harness/types.ts';
import { RemoteAgent } from './clients/remote-agent.ts';

/** Where the agent's sources lie in the vantage and the inspector. */
export const AGENT_PATH = '/opt/gateproof/conformance/clients/agent.ts';

/** A container whose agent carries out schedules. */
export type AgentHost = 'vantage' | 'inspector';

/**
 * Agents of a container at most. Requests of many clients keep a process busy, most of
 * all with TLS, so the vantage gets several; the inspector reads the arrival log, once.
 */
const PROCESSES: Readonly<Record<AgentHost, number>> = { vantage: 3, inspector: 1 };

interface Opened {
  readonly agent: Promise<RemoteAgent>;
  /** Schedules under way. */
  busy: number;
}

/** Opens agents as they are needed, and keeps them for the process. */
export class AgentPool {
  readonly #topology: TopologyDescriptor;
  readonly #agents: Record<AgentHost, Opened[]> = { vantage: [], inspector: [] };
  readonly #closers: (() => void)[] = [];

  constructor(topology: TopologyDescriptor) {
    this.#topology = topology;
  }

  /** The agents of a container; a schedule goes to the one with the fewest under way. */
  get(name: AgentHost): LazyAgent {
    return {
      schedule: async (steps) => {
        const chosen = this.#choose(name);
        chosen.busy += 1;
        try {
          return await (await chosen.agent).schedule(steps);
        } finally {
          chosen.busy -= 1;
        }
      },
      arrivals: async (marker) => (await this.#choose(name).agent).arrivals(marker),
    };
  }

  async close(): Promise<void> {
    const all = Object.values(this.#agents).flat();
    await Promise.allSettled(all.map(async ({ agent }) => (await agent).close()));
    for (const close of this.#closers) close();
  }

  /** One that has nothing to do, a new one while there may be more, or the least busy. */
  #choose(name: AgentHost): Opened {
    const opened = this.#agents[name];
    const [least] = opened.toSorted((a, b) => a.busy - b.busy);
    if (least && (least.busy === 0 || opened.length >= PROCESSES[name])) return least;
    const fresh: Opened = { agent: this.#start(name), busy: 0 };
    // Whoever uses it is told; without this a failure would end the process before anybody asks.
    fresh.agent.catch(() => undefined);
    opened.push(fresh);
    return fresh;
  }

  async #start(name: AgentHost): Promise<RemoteAgent> {
    const service = this.#topology.services.find((candidate) => candidate.name === name);
    if (!service) throw new HarnessError(`the topology has no ${name}`, 'start it again');
    const streams = await streamExec(service.containerId, ['node', AGENT_PATH]);
    this.#closers.push(streams.close);
    return new RemoteAgent(streams, `${name} agent`);
  }
}

/** An agent that may still be starting. */
export type LazyAgent = Pick<RemoteAgent, 'schedule' | 'arrivals'>;
