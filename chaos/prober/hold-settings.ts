/** What the holder of many requests is told, and what it tells afterwards. Times are ms since it began. */
export interface HoldSettings {
  readonly address: string;
  readonly port: number;
  readonly serverName: string;
  readonly from: { readonly cidr: string; readonly skip: number };
  readonly count: number;
  /** Connections that share an address: below the gateway's limit by address. */
  readonly perAddress: number;
  /** All are opened within this time. */
  readonly open_ms: number;
  /** The share that is open after a share x of this time is x to this power; 1 when absent: a constant rate. */
  readonly easing?: number;
  /** How long one waits for its answer. */
  readonly hold_ms: number;
  readonly path: string;
  /** `{from}` in a value becomes the address. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sends the header unfinished, and a byte of it each so many ms. */
  readonly drip_ms?: number;
  readonly resultFile: string;
}

/** `held`: no answer when the time was over; `closed`: the peer hung up; `status-503`, `ECONNRESET`, … */
export interface HoldResult {
  readonly begun_ms: number;
  readonly sent_ms: number;
  readonly done_ms: number;
  readonly kind: string;
  readonly servedBy?: string;
}
