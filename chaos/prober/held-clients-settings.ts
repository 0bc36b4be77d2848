/** What the holder of connections is told, and what it tells. Instants are wall clock, ms since the epoch. */

/** How a client uses its connection; `{from}` in a header's value becomes its address. */
export interface Use {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Pause between the end of an exchange and the next one, ms. */
  readonly every_ms: number;
  /** A connection on which an exchange has not ended by then is given up, ms. */
  readonly patience_ms: number;
}

interface Route extends Use {
  readonly clients: number;
}

export interface HeldClientsSettings {
  readonly address: string;
  readonly port: number;
  readonly serverName: string;
  readonly from: { readonly cidr: string; readonly skip: number };
  readonly keepAlive: Route;
  /** Answers that come slowly, one after the other. */
  readonly download: Route;
  /** Sessions that send a message and wait for its echo. */
  readonly webSocket: Route;
  /** What the holder saw is written to this file, again and again. */
  readonly resultFile: string;
}

export type HeldKind = 'keep-alive' | 'download' | 'websocket';

/** One connection of a client. */
export interface HeldConnection {
  readonly begun_ms: number;
  /** End of the last exchange that it carried. */
  answered_ms: number | null;
  ended_ms: number | null;
  /** Why it ended: `ECONNRESET`, `timeout-in-answer`, `silent`, …; `closed` when the gateway ended it in good order. */
  why: string | null;
}

export interface HeldClient {
  readonly kind: HeldKind;
  readonly from: string;
  /** Connections that carried something, and the present one, oldest first. */
  readonly connections: readonly HeldConnection[];
  /** Connections that ended before they carried anything. */
  readonly failedAttempts: number;
}
