import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { ScheduleResult } from './local-agent.ts';
import type { AgentReply, AgentRequest, Arrival, Step } from './protocol.ts';

const SLACK_MS = 60_000;
const ANSWER_LIMIT_MS = 30_000;
const NOISE_LINES = 20;

/** The agent cannot be talked to: it ended, never answered, or refused. Always the harness's fault, never the target's. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
}

/** The two ends of an agent's standard streams, as `docker exec -i` gives them. */
export interface AgentStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Shown in messages when the agent dies. */
  readonly stderr?: Readable;
}

interface Pending {
  readonly what: string;
  readonly resolve: (reply: AgentReply) => void;
  readonly reject: (error: Error) => void;
}

type Body = AgentRequest extends infer R ? (R extends AgentRequest ? Omit<R, 'seq'> : never) : never;

/** How long a schedule may take at most: steps that share a connection may have to wait for one another. */
export function longestRun_ms(steps: readonly Step[]): number {
  const perConnection = new Map<string, number>();
  let longest = 0;
  for (const step of steps) {
    const key = step.kind === 'http' && step.connection !== undefined ? step.connection : undefined;
    const before = key === undefined ? 0 : (perConnection.get(key) ?? 0);
    if (key !== undefined) perConnection.set(key, before + step.timeout_ms);
    longest = Math.max(longest, step.at_ms + before + 2 * step.timeout_ms);
  }
  return longest;
}

/** Talks to an agent in a container; several requests may be under way. */
export class RemoteAgent {
  readonly #stdin: Writable;
  readonly #name: string;
  readonly #pending = new Map<number, Pending>();
  readonly #noise: string[] = [];
  readonly #ended = Promise.withResolvers<void>();
  #seq = 0;
  #replies = 0;
  #gone: string | undefined;

  /** @param name says in messages which agent it is. */
  constructor(streams: AgentStreams, name = 'vantage agent') {
    this.#stdin = streams.stdin;
    this.#name = name;
    const lines = createInterface({ input: streams.stdout, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on('line', (line) => this.#onLine(line));
    lines.on('close', () => this.#end('its output ended'));
    streams.stdout.on('error', (error) => this.#end(`its output broke (${error.message})`));
    streams.stdin.on('error', (error) => this.#end(`its input broke (${error.message})`));
    if (streams.stderr !== undefined) {
      createInterface({ input: streams.stderr }).on('line', (line) => this.#note(line));
      streams.stderr.on('error', () => undefined);
    }
  }

  /**
   * Runs a schedule. When the signal is aborted the agent drops what runs, and
   * this rejects with the signal's reason.
   *
   * @throws {AgentError} when the agent is gone, refuses the schedule or does not answer in time.
   */
  async schedule(
    steps: readonly Step[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<ScheduleResult> {
    const limit_ms = longestRun_ms(steps) + SLACK_MS;
    const what = `a schedule of ${steps.length} steps`;
    const reply = await this.#ask({ op: 'schedule', steps }, what, limit_ms, options?.signal);
    if (reply.op !== 'schedule') throw this.#wrongReply(reply);
    return { observations: reply.observations, lateness_ms_max: reply.lateness_ms_max };
  }

  /**
   * What backends received with this marker in it, oldest first.
   *
   * @throws {AgentError} as for {@link RemoteAgent.schedule}.
   */
  async arrivals(marker: string): Promise<readonly Arrival[]> {
    const reply = await this.#ask({ op: 'arrivals', marker }, `the arrivals of ${marker}`, ANSWER_LIMIT_MS);
    if (reply.op !== 'arrivals') throw this.#wrongReply(reply);
    return reply.arrivals;
  }

  /**
   * Settles when the agent answers.
   *
   * @throws {AgentError} when it does not within 30 s.
   */
  async ping(): Promise<void> {
    const reply = await this.#ask({ op: 'ping' }, 'a ping', ANSWER_LIMIT_MS);
    if (reply.op !== 'ping') throw this.#wrongReply(reply);
  }

  /** Ends the agent's input, on which it exits; waits for that, at most 5 s. What is pending is rejected. */
  async close(): Promise<void> {
    this.#stdin.end();
    const timer = setTimeout(() => this.#end('it was closed'), 5000);
    await this.#ended.promise;
    clearTimeout(timer);
  }

  async #ask(body: Body, what: string, limit_ms: number, signal?: AbortSignal): Promise<AgentReply> {
    signal?.throwIfAborted();
    if (this.#gone !== undefined) throw new AgentError(this.#obituary(what));
    this.#seq += 1;
    const seq = this.#seq;
    const { promise, resolve, reject } = Promise.withResolvers<AgentReply>();
    this.#pending.set(seq, { what, resolve, reject });
    const timer = setTimeout(() => {
      reject(new AgentError(`the ${this.#name} did not answer ${what} within ${Math.round(limit_ms / 1000)} s`));
      this.#cancel(seq);
    }, limit_ms);
    const onAbort = (): void => {
      reject(signal?.reason instanceof Error ? signal.reason : new AgentError(`${what} was aborted`));
      this.#cancel(seq);
    };
    signal?.addEventListener('abort', onAbort);
    try {
      this.#stdin.write(`${JSON.stringify({ ...body, seq })}\n`);
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.#pending.delete(seq);
    }
  }

  #cancel(schedule: number): void {
    if (this.#gone !== undefined || this.#stdin.writableEnded) return;
    this.#seq += 1;
    this.#stdin.write(`${JSON.stringify({ op: 'cancel', seq: this.#seq, schedule })}\n`);
  }

  #onLine(line: string): void {
    const reply = parseReply(line);
    if (reply === undefined) {
      this.#note(line);
      return;
    }
    this.#replies += 1;
    // Late answers to what was given up on have nobody waiting.
    const pending = this.#pending.get(reply.seq);
    if (reply.op !== 'failed') pending?.resolve(reply);
    else if (pending === undefined) this.#note(reply.message);
    else pending.reject(new AgentError(`the ${this.#name} failed at ${pending.what}: ${reply.message}`));
  }

  #note(line: string): void {
    this.#noise.push(line);
    if (this.#noise.length > NOISE_LINES) this.#noise.shift();
  }

  #end(how: string): void {
    if (this.#gone !== undefined) return;
    this.#gone = how;
    for (const pending of this.#pending.values()) pending.reject(new AgentError(this.#obituary(pending.what)));
    this.#pending.clear();
    this.#ended.resolve();
  }

  #obituary(what: string): string {
    const said = this.#noise.length === 0 ? 'it printed nothing else' : `it last printed:\n${this.#noise.join('\n')}`;
    return `the ${this.#name} is gone (${this.#gone ?? 'unknown'}) after ${this.#replies} answers, asked for ${what}; ${said}`;
  }

  #wrongReply(reply: AgentReply): AgentError {
    return new AgentError(`the ${this.#name} answered with ${reply.op}, which was not asked for`);
  }
}

function parseReply(line: string): AgentReply | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const known = typeof value === 'object' && value !== null && 'op' in value && 'seq' in value;
    return known ? (value as AgentReply) : undefined;
  } catch {
    return undefined;
  }
}
