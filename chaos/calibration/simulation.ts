/** Probe series with an outage whose truth is known to the microsecond, made without any clock or network. */
import type { ProbeSample } from '../../reports/record/types.ts';
import type { Random } from '../../measurement/random.ts';

/**
 * What an outage does to requests. `refused`: new ones fail at once, those under way
 * are answered (a closed listener). `reset`: those under way fail too, at its beginning
 * (a killed process). `silent`: all fail by their time-out (a dead address).
 */
export type OutageManner = 'refused' | 'reset' | 'silent';

export interface SimulatedSeries {
  readonly outage: { readonly from_ms: number; readonly to_ms: number } | null;
  readonly until_ms: number;
  readonly manner: OutageManner;
  /** Share of requests that fail anyway. */
  readonly errorRate: number;
  /** Latency is exponential beyond its minimum, so that answers overtake one another. */
  readonly latency_ms: { readonly min: number; readonly jitter_mean: number };
}

const INTERVAL_MS = 10;
const LATENESS_MS = 1.5;
const TIMEOUT_MS = 12_000;

/** One probe each 10 ms, up to 1.5 ms late. */
export function simulate(series: SimulatedSeries, random: Random): ProbeSample[] {
  const count = Math.floor(series.until_ms / INTERVAL_MS);
  return Array.from({ length: count }, (_, index) => probe(series, index * INTERVAL_MS, random));
}

function probe(series: SimulatedSeries, intended_ms: number, random: Random): ProbeSample {
  const { latency_ms, errorRate } = series;
  const sent_ms = intended_ms + random() * LATENESS_MS;
  const takes_ms = latency_ms.min - latency_ms.jitter_mean * Math.log(1 - random());
  const answered_ms = sent_ms + takes_ms;
  const failed_ms = failedAt(series, sent_ms, answered_ms, latency_ms.min);
  const ok = failed_ms === null && random() >= errorRate;
  return {
    intended_ms,
    sent_ms,
    done_ms: failed_ms ?? answered_ms,
    ok,
    kind: ok ? 'status-200' : failed_ms === null ? 'status-500' : 'failed',
  };
}

/** When a request that met the outage fails; null when it did not meet it. */
function failedAt(
  { outage, manner }: SimulatedSeries,
  sent_ms: number,
  answered_ms: number,
  trip_ms: number,
): number | null {
  if (outage === null) return null;
  const arrived_ms = sent_ms + trip_ms / 2;
  const inside = arrived_ms >= outage.from_ms && arrived_ms < outage.to_ms;
  const underWay = arrived_ms < outage.from_ms && answered_ms > outage.from_ms;
  if (manner === 'refused') return inside ? sent_ms + trip_ms : null;
  if (!inside && !underWay) return null;
  if (manner === 'silent') return sent_ms + TIMEOUT_MS;
  return inside ? sent_ms + trip_ms : outage.from_ms + trip_ms / 2;
}
