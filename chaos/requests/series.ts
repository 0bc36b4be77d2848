/** The series that most experiments decide by: customer reads on new connections. */
import type { SeriesConfig } from '../prober/protocol.ts';
import type { ChaosTarget } from '../runner/target.ts';

export const READS = 'customer reads';
const PATH = '/api/v1/ping';
const INTERVAL_MS = 40;
/** About as many as a trial sends. */
const PROBES_AT_MOST = 2_000;

export interface ReadsOptions {
  readonly name?: string;
  readonly path?: string;
  readonly interval_ms?: number;
  /** Longer than what the experiment lets a request wait. */
  readonly timeout_ms?: number;
}

/** One GET each 40 ms, each from an address and for a user of its own, past the cache. */
export function customerReads(
  { gateway, freshClients }: ChaosTarget,
  { name = READS, path = PATH, interval_ms = INTERVAL_MS, timeout_ms = 12_000 }: ReadsOptions = {},
): SeriesConfig {
  const { address, port, serverName, ca } = gateway;
  return {
    kind: 'new-connection',
    name,
    address,
    port,
    tls: { serverName, ...(ca ? { ca } : {}) },
    method: 'GET',
    path,
    host: serverName,
    headers: { Authorization: 'Bearer valid:prober-{from}:user', 'Cache-Control': 'no-cache' },
    interval_ms,
    timeout_ms,
    expect: [200],
    from: freshClients(PROBES_AT_MOST),
    servedByMember: 'instance',
  };
}
