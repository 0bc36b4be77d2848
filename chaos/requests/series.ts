/** The series that most experiments decide by: customer reads on new connections. */
import type { SeriesConfig } from '../prober/protocol.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { customerSeries } from '../traffic/api-series.ts';

export const READS = 'customer reads';
/** What a read asks for when nothing else is said. */
export const PATH = '/api/v1/ping';
const INTERVAL_MS = 40;

export interface ReadsOptions {
  readonly name?: string;
  readonly path?: string;
  readonly interval_ms?: number;
  /** Longer than what the experiment lets a request wait. */
  readonly timeout_ms?: number;
}

/** One GET each 40 ms, each from an address and for a user of its own, past the cache. */
export function customerReads(
  target: ChaosTarget,
  { name = READS, path = PATH, interval_ms = INTERVAL_MS, timeout_ms = 12_000 }: ReadsOptions = {},
): SeriesConfig {
  return customerSeries(target, { name, path, interval_ms, timeout_ms });
}
