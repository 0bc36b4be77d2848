import type { StepContext } from './clock.ts';
import { toFailure } from './errors.ts';
import type { Failure } from './errors.ts';
import { H2Connection } from './h2.ts';
import { Http1Connection } from './http1.ts';
import type { HttpConnection } from './http-connection.ts';
import type { HttpStep } from './protocol.ts';

/** Handshakes under way at the same time while connections are opened ahead. */
const HANDSHAKES = 50;
/** No connection that is opened ahead holds up the schedule for longer. */
const PRECONNECT_LIMIT_MS = 10_000;

/** The place of a connection: not opened yet, open, or failed for good. */
export class ConnectionSlot {
  readonly #context: StepContext;
  #opening: Promise<void> | undefined;
  connection: HttpConnection | undefined;
  failure: Failure | undefined;

  constructor(context: StepContext) {
    this.#context = context;
  }

  /** Opens the connection, once; never rejects. */
  open(step: HttpStep, timeout_ms: number): Promise<void> {
    this.#opening ??= this.#open(step, timeout_ms);
    return this.#opening;
  }

  async #open(step: HttpStep, timeout_ms: number): Promise<void> {
    const kind = step.protocol === 'h2' ? H2Connection : Http1Connection;
    try {
      this.connection = await kind.open(step, this.#context, timeout_ms);
    } catch (error) {
      this.failure = toFailure(error);
    }
  }
}

/** The connections of one schedule. */
export class ConnectionPool {
  readonly #context: StepContext;
  readonly #slots = new Map<string, ConnectionSlot>();

  constructor(context: StepContext) {
    this.#context = context;
  }

  /** The slot that this step uses: its own, or the one of the connection that it names. */
  slot(step: HttpStep): ConnectionSlot {
    const key = step.connection === undefined ? `step ${step.id}` : `connection ${step.connection}`;
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot = new ConnectionSlot(this.#context);
    this.#slots.set(key, slot);
    return slot;
  }

  /** Opens the connections of these steps, a limited number at a time; failures stay in their slots. */
  async openAhead(steps: readonly HttpStep[]): Promise<void> {
    const waiting = steps.values();
    const work = async (): Promise<void> => {
      // The iterator is shared by all workers, so each step is taken once.
      for (const step of waiting) await this.slot(step).open(step, Math.min(step.timeout_ms, PRECONNECT_LIMIT_MS));
    };
    await Promise.all(Array.from({ length: Math.min(HANDSHAKES, steps.length) }, work));
  }

  closeAll(): void {
    for (const slot of this.#slots.values()) slot.connection?.close();
  }
}
