/** One client that holds one connection and uses it; when the connection ends, it connects anew. */
import type { HeldClient, HeldConnection, HeldKind } from './held-clients-settings.ts';

/** Attempts to connect are so far apart, ms. */
const AGAIN_MS = 500;

/** What a connection tells. Nothing comes after `ended`. */
export interface HeldEvents {
  /** An exchange has ended well. */
  answered(): void;
  ended(why: string): void;
}

/** Opens a connection and keeps using it; returns how to close it. */
export type UseConnection = (from: string, events: HeldEvents) => () => void;

export class HoldingClient {
  readonly #kind: HeldKind;
  readonly #from: string;
  readonly #use: UseConnection;
  readonly #connections: HeldConnection[] = [];
  #failedAttempts = 0;
  #close: () => void = () => undefined;
  #again: NodeJS.Timeout | undefined;

  constructor(kind: HeldKind, from: string, use: UseConnection) {
    this.#kind = kind;
    this.#from = from;
    this.#use = use;
    this.#connect();
  }

  get seen(): HeldClient {
    const { length } = this.#connections;
    // The present one is kept even if it carried nothing yet.
    const connections = this.#connections.filter((one, index) => one.answered_ms !== null || index === length - 1);
    return { kind: this.#kind, from: this.#from, connections, failedAttempts: this.#failedAttempts };
  }

  close(): void {
    clearTimeout(this.#again);
    this.#close();
  }

  #connect(): void {
    const connection: HeldConnection = { begun_ms: Date.now(), answered_ms: null, ended_ms: null, why: null };
    this.#connections.push(connection);
    this.#close = this.#use(this.#from, {
      answered: () => (connection.answered_ms = Date.now()),
      ended: (why) => {
        Object.assign(connection, { ended_ms: Date.now(), why });
        if (connection.answered_ms === null) this.#failedAttempts += 1;
        this.#again = setTimeout(() => this.#connect(), AGAIN_MS);
      },
    });
  }
}
