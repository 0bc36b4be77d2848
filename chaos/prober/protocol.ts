/**
 * What the prober is told and what it answers: one JSON object a line. Times are
 * milliseconds on the kernel's monotonic clock, as `process.hrtime` reads it.
 * This folder is copied into the vantage container and imports nothing outside itself.
 */

/** One series of probes: the same request again and again, each from a new address on a new connection. */
export interface SeriesConfig {
  readonly name: string;
  /** Where packets go. */
  readonly address: string;
  readonly port: number;
  /** TLS with this SNI; certificates are checked against `ca` (PEM) when it is given, else not at all. */
  readonly tls?: { readonly serverName: string; readonly ca?: string };
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly host: string;
  /** `{from}` in a value becomes the address that the probe is sent from. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** One probe each so many ms, whatever the answers do. */
  readonly interval_ms: number;
  /** A probe without a whole answer after this long has failed. */
  readonly timeout_ms: number;
  /** Statuses that count as success. */
  readonly expect: readonly number[];
  /** Addresses to probe from, each used once before any is used again; absent: the kernel's choice. */
  readonly from?: { readonly cidr: string; readonly skip: number };
  /** Member of a JSON answer that names who answered. */
  readonly servedByMember?: string;
}

/** How one probe ended. `kind`: `status-200`, `ECONNREFUSED`, `ECONNRESET`, `timeout`, `truncated`, … */
export interface ProbeRecord {
  readonly intended_ms: number;
  readonly sent_ms: number;
  readonly done_ms: number;
  readonly ok: boolean;
  readonly kind: string;
  readonly servedBy?: string;
}

export type ProberCommand =
  | { readonly op: 'start'; readonly series: readonly SeriesConfig[] }
  | { readonly op: 'clock'; readonly seq: number }
  | { readonly op: 'stop' };

export type ProberEvent =
  | { readonly event: 'ready' }
  | { readonly event: 'clock'; readonly seq: number; readonly at_ms: number }
  | { readonly event: 'probes'; readonly series: string; readonly probes: readonly ProbeRecord[] }
  | { readonly event: 'finished' }
  | { readonly event: 'failed'; readonly message: string };
