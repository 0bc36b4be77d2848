import { estimateLimiter } from '../../measurement/token-bucket.ts';
import type { LimiterEstimate } from '../../measurement/token-bucket.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { Client, RequestOptions } from '../gateway.ts';
import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import type { Evidence } from '../../reports/record/types.ts';

/**
 * Connections that a burst shares. nginx counts requests under way, so a burst
 * over more than a handful of connections would meet a connection limit as well.
 */
const BURST_CONNECTIONS = 5;

/** Sizes around the promised burst that may stay possible; more, and the measurement cannot tell. */
const TOLERATED_AMBIGUITY = 1;

export interface BurstRequest {
  readonly path: string;
  /** Requests sent as fast as the connections allow. */
  readonly count: number;
  readonly options?: RequestOptions;
}

/** What a limiter refuses with: the status of a throttled request. */
export type Refused = (observation: HttpObservation) => boolean;

/** 429, or the 503 that nginx refuses with unless told otherwise. */
export const throttled: Refused = ({ status }) => status === 429 || status === 503;

/** Sends requests at once over a few connections that are open already. */
export async function burst(client: Client, { path, count, options }: BurstRequest): Promise<HttpObservation[]> {
  return client.all(
    Array.from({ length: count }, (_, index) => ({
      path,
      preconnect: true,
      connection: `burst-${String(index % BURST_CONNECTIONS)}`,
      ...options,
    })),
  );
}

/** Burst sizes and rates that explain what was accepted and refused. */
export function limiterOf(observations: readonly HttpObservation[], refused: Refused = throttled): LimiterEstimate {
  return estimateLimiter(
    observations.flatMap((seen) =>
      seen.sent_ms === null || seen.status === null ? [] : [{ sent_ms: seen.sent_ms, done_ms: seen.done_ms, accepted: !refused(seen) }],
    ),
  );
}

export interface PromisedLimit {
  readonly rate_perMin: number;
  readonly burst: number;
  /** Status of a refusal; any throttling status when absent. */
  readonly status?: number;
}

/**
 * Judges whether a limiter has the promised rate and burst: the promise holds
 * when no observation contradicts it, and the measurement is sound when few
 * other burst sizes would explain it as well.
 */
export function judgeLimit(promised: PromisedLimit, observations: readonly HttpObservation[], evidence: readonly Evidence[] = []): Outcome {
  const rate_perS = promised.rate_perMin / 60;
  const expected =
    `${String(promised.burst + 1)} of a burst accepted, then ${String(promised.rate_perMin)} a minute` +
    (promised.status === undefined ? '' : `, refused with ${String(promised.status)}`);
  const lost = observations.filter(({ status }) => status === null);
  const estimate = limiterOf(observations);
  const observed = describeLimit(observations, estimate, rate_perS);
  const proof = [...evidence, arrivals(observations)];
  if (lost.length > 0) return inconclusive(expected, observed, `${String(lost.length)} requests got no answer (${lost[0]?.error?.code ?? 'unknown'})`, proof);
  // One burst says little about the rate: the question is which sizes go with the promised one.
  const sizes = estimate.consistent.filter((one) => one.min_perS <= rate_perS && rate_perS <= one.max_perS).map((one) => one.burst);
  if (!sizes.includes(promised.burst)) return judge(false, expected, observed, proof);
  if (Math.max(...sizes) - Math.min(...sizes) > TOLERATED_AMBIGUITY) {
    return inconclusive(expected, observed, 'the burst was spread over too long a time to tell its size', proof);
  }
  const wrongStatus = promised.status === undefined ? [] : observations.filter((seen) => throttled(seen) && seen.status !== promised.status);
  return judge(wrongStatus.length === 0, expected, observed, proof);
}

function describeLimit(observations: readonly HttpObservation[], estimate: LimiterEstimate, rate_perS: number): string {
  const statuses = new Map<string, number>();
  for (const { status, error } of observations) {
    const key = status === null ? (error?.code ?? 'no answer') : String(status);
    statuses.set(key, (statuses.get(key) ?? 0) + 1);
  }
  const counts = [...statuses].map(([status, count]) => `${String(count)} × ${status}`).join(', ');
  const sizes = estimate.consistent.filter((one) => one.min_perS <= rate_perS && rate_perS <= one.max_perS).map((one) => one.burst);
  if (sizes.length === 0) return `${counts}; no burst size explains it at ${String(Math.round(rate_perS * 60))} a minute`;
  const [min, max] = [Math.min(...sizes), Math.max(...sizes)];
  return `${counts}; burst ${min === max ? String(min) : `${String(min)}–${String(max)}`}`;
}

function arrivals(observations: readonly HttpObservation[]): Evidence {
  return {
    kind: 'series',
    title: 'answers by time of arrival',
    xUnit: 'ms',
    yUnit: 'status',
    lines: [{ name: 'status', points: observations.map(({ sent_ms, status }) => [Math.round(sent_ms ?? 0), status ?? 0]) }],
  };
}
