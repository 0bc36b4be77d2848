import { constants, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { ArrivalLog } from './arrivals.ts';
import { LocalAgent } from './local-agent.ts';
import type { AgentReply, AgentRequest } from './protocol.ts';

/** What an agent speaks with, and where it finds the arrival logs. */
export interface AgentIo {
  readonly input: Readable;
  readonly output: Writable;
  readonly arrivalsFolder: string;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function parseRequest(line: string): AgentRequest {
  const value: unknown = JSON.parse(line);
  const hasSeq = typeof value === 'object' && value !== null && 'seq' in value && typeof value.seq === 'number';
  if (!hasSeq || !('op' in value)) throw new TypeError('a request needs op and seq');
  return value as AgentRequest;
}

/** Answers requests, several at a time, until the input ends. */
class Agent {
  readonly #output: Writable;
  readonly #local = new LocalAgent();
  readonly #arrivals: ArrivalLog;
  readonly #schedules = new Map<number, AbortController>();

  constructor(io: AgentIo) {
    this.#output = io.output;
    this.#arrivals = new ArrivalLog(io.arrivalsFolder);
  }

  async answer(line: string): Promise<void> {
    if (line.trim() === '') return;
    let seq = -1;
    try {
      const request = parseRequest(line);
      seq = request.seq;
      this.#reply(await this.#perform(request));
    } catch (error) {
      this.#reply({ op: 'failed', seq, message: messageOf(error) });
    }
  }

  cancelAll(): void {
    for (const controller of this.#schedules.values()) controller.abort();
  }

  async #perform(request: AgentRequest): Promise<AgentReply> {
    const { seq } = request;
    switch (request.op) {
      case 'ping':
        return { op: 'ping', seq };
      case 'arrivals':
        return { op: 'arrivals', seq, arrivals: await this.#arrivals.find(request.marker) };
      case 'cancel':
        this.#schedules.get(request.schedule)?.abort();
        return { op: 'cancel', seq };
      case 'schedule':
        return this.#schedule(request);
      default:
        throw new TypeError(`unknown op ${JSON.stringify(Reflect.get(request, 'op'))}`);
    }
  }

  async #schedule(request: AgentRequest & { op: 'schedule' }): Promise<AgentReply> {
    const controller = new AbortController();
    this.#schedules.set(request.seq, controller);
    try {
      const result = await this.#local.run(request.steps, { signal: controller.signal });
      return { op: 'schedule', seq: request.seq, ...result };
    } finally {
      this.#schedules.delete(request.seq);
    }
  }

  #reply(reply: AgentReply): void {
    if (!this.#output.destroyed) this.#output.write(`${JSON.stringify(reply)}\n`);
  }
}

/**
 * Serves the agent's protocol on a pair of streams.
 *
 * @returns when the input has ended; what was still running is cancelled then.
 */
export async function serveAgent(io: AgentIo): Promise<void> {
  const agent = new Agent(io);
  // Whoever asked is gone: nobody is there to be told.
  io.output.on('error', () => agent.cancelAll());
  for await (const line of createInterface({ input: io.input, crlfDelay: Number.POSITIVE_INFINITY })) {
    void agent.answer(line);
  }
  agent.cancelAll();
}

if (import.meta.main) {
  try {
    // On busy cores a probe leaves milliseconds late unless it may go first.
    setPriority(constants.priority.PRIORITY_HIGHEST);
  } catch {
    // Needs a privilege that not every container has; lateness is measured in any case.
  }
  const arrivalsFolder = process.env['ARRIVALS_DIR'] ?? '/arrivals';
  await serveAgent({ input: process.stdin, output: process.stdout, arrivalsFolder });
  process.exit(0);
}
