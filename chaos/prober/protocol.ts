/**
 * What the prober is told and what it answers: one JSON object a line. Times are
 * milliseconds on the kernel's monotonic clock, as `process.hrtime` reads it.
 * This folder is copied into the vantage container and imports nothing outside itself.
 */

/** Where a series goes. */
export interface Endpoint {
  /** Where packets go. */
  readonly address: string;
  readonly port: number;
  /** TLS with this SNI; certificates are checked against `ca` (PEM) when it is given, else not at all. */
  readonly tls?: { readonly serverName: string; readonly ca?: string };
  /** The field Host. */
  readonly host: string;
}

interface Series extends Endpoint {
  readonly name: string;
  readonly path: string;
  /** `{from}` in a value becomes the address that is sent from. */
  readonly headers?: Readonly<Record<string, string>>;
  /** One probe each so many ms, whatever the answers do. */
  readonly interval_ms: number;
  /** A probe without a whole answer after this long has failed. */
  readonly timeout_ms: number;
  /** Addresses to send from, each used once before any is used again; absent: the kernel's choice. */
  readonly from?: { readonly cidr: string; readonly skip: number };
  /** Member of a JSON answer that names who answered. */
  readonly servedByMember?: string;
  /** So many probes may wait for their answer at once (`OPEN_MAX`); what is over it ends as `capped`, unsent. */
  readonly open_max?: number;
}

interface HttpSeries extends Series {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: string;
  /** Statuses that count as success. */
  readonly expect: readonly number[];
}

/** The same request again and again, each from a new address on a new connection. */
export interface NewConnectionSeries extends HttpSeries {
  readonly kind: 'new-connection';
}

/**
 * So many clients, each with an address and a kept-alive connection of its own, take
 * turns. Each sends one request every `connections` intervals: limits per address
 * decide how many it takes.
 */
export interface KeepAliveSeries extends HttpSeries {
  readonly kind: 'keep-alive';
  readonly connections: number;
}

/** POST of a JSON body with `Idempotency-Key: <keyPrefix>-<n>`, each on a new connection. */
export interface WriteSeries extends Series {
  readonly kind: 'write';
  /** Keys must be new in each trial: what is stored is compared with them. */
  readonly keyPrefix: string;
  /** Members of the JSON body; the number of the probe is added as `probe`. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly expect: readonly number[];
}

/** Long-lived sessions that take turns in sending a small message. */
export interface SessionSeries extends Series {
  readonly sessions: number;
  /** Longest time for opening a session, ms; `OPENING_MS` when absent. */
  readonly opening_ms?: number;
}

export interface WebSocketSeries extends SessionSeries {
  readonly kind: 'websocket';
  /** What answers a message: its echo, or the next message that comes (for servers that do not greet). */
  readonly answer: 'echo' | 'any';
}

/** Engine.IO 4 over WebSocket alone, Socket.IO protocol 5, default namespace. */
export interface SocketIoSeries extends SessionSeries {
  readonly kind: 'socketio';
  /** Event that the server acknowledges. */
  readonly event: string;
}

/** One series of probes. */
export type SeriesConfig = NewConnectionSeries | KeepAliveSeries | WriteSeries | WebSocketSeries | SocketIoSeries;

/** Probes of a series that may wait at once: 100 a second against a black hole with a time-out of 12 s take 1,200. */
export const OPEN_MAX = 2_000;
/**
 * The kernel sends a lost SYN again after 1 s. A client that starts anew by then
 * finds a service that is back sooner than one that waits for its kernel.
 */
export const OPENING_MS = 1_000;
/** Kind of a probe that was due while too many were open: it was not sent and says nothing about the service. */
export const CAPPED = 'capped';

/**
 * How a probe ended. `kind`: `status-200`, `answered` (in a session), `ECONNREFUSED`,
 * `ECONNRESET`, `timeout`, `truncated`, …; with `-reused` behind it when a kept-alive
 * connection broke that had carried answers; `session-lost` when a session ended with
 * the message unanswered; `handshake-502` and the like when none could be opened.
 */
export interface ProbeEnd {
  readonly ok: boolean;
  readonly kind: string;
  readonly servedBy?: string;
  /** Idempotency key of a write. */
  readonly key?: string;
}

export interface ProbeRecord extends ProbeEnd {
  readonly intended_ms: number;
  readonly sent_ms: number;
  readonly done_ms: number;
}

/** An open session ended, whether or not a message was under way. */
export interface SessionLoss {
  readonly at_ms: number;
  /** `ECONNRESET`, `closed-1001`, `ended`, `silent`, … */
  readonly why: string;
}

export type ProberCommand =
  | { readonly op: 'start'; readonly series: readonly SeriesConfig[] }
  | { readonly op: 'clock'; readonly seq: number }
  | { readonly op: 'stop' };

export type ProberEvent =
  | { readonly event: 'ready' }
  | { readonly event: 'clock'; readonly seq: number; readonly at_ms: number }
  | { readonly event: 'probes'; readonly series: string; readonly probes: readonly ProbeRecord[] }
  | { readonly event: 'losses'; readonly series: string; readonly losses: readonly SessionLoss[] }
  | { readonly event: 'finished' }
  | { readonly event: 'failed'; readonly message: string };
