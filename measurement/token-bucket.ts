/**
 * What a request limiter is set to, from the outside. The model is nginx's
 * `limit_req … nodelay` (ngx_http_limit_req_module, function
 * `ngx_http_limit_req_lookup`): on each request
 *
 *   excess = max(excess − rate · Δt + 1, 0);  reject when excess > burst
 *
 * where Δt counts from the last accepted request, the first request of a key
 * leaves excess 0, and a rejected one changes nothing. nginx keeps excess and
 * rate in thousandths of a request, drops what integer division leaves, and
 * reads a clock that stands still within one turn of its event loop.
 *
 * Unrolled, the excess at the i-th accepted request is the largest of
 * (i − k) − rate · (tᵢ − tₖ) over accepted k ≤ i. So with arrival times known
 * only as intervals, every accepted request bounds the rate from below and
 * every rejected one from above, for each burst size: the estimate is the set
 * of settings that no observation contradicts.
 */

/** One request to the limiter as its client saw it; any one monotonic clock, in ms. */
export interface LimiterObservation {
  readonly sent_ms: number;
  readonly done_ms: number;
  readonly accepted: boolean;
}

/** Rates that go with one burst size; `max_perS` is Infinity when nothing bounds it. */
export interface BurstEstimate {
  readonly burst: number;
  readonly min_perS: number;
  readonly max_perS: number;
}

export interface LimiterEstimate {
  /** Every burst size with at least one rate that explains all observations, ascending. */
  readonly consistent: readonly BurstEstimate[];
  /** Hull over `consistent`; null when no setting explains the observations. */
  readonly burst: { readonly min: number; readonly max: number } | null;
  readonly rate_perS: { readonly min: number; readonly max: number } | null;
  readonly accepted: number;
  readonly rejected: number;
}

export interface EstimateOptions {
  /** How far the limiter's clock may lag behind the arrival (its resolution and its event loop's turn). */
  readonly clockLag_ms?: number;
  /** Largest burst size to consider. */
  readonly maxBurst?: number;
}

/** Resolution of nginx's clock plus one busy turn of its event loop. */
const DEFAULT_CLOCK_LAG_MS = 3;
/** Largest loss of one integer division by 1000 in nginx, in requests. */
const TRUNCATION = 0.001;

/**
 * The settings (burst, rate) of a leaky bucket that are consistent with what
 * one client saw. Sound for overlapping requests too: accepted ones are
 * exchangeable, so the k-th arrival lies between the k-th smallest `sent_ms`
 * and the k-th smallest `done_ms`.
 */
export function estimateLimiter(
  observations: readonly LimiterObservation[],
  options: EstimateOptions = {},
): LimiterEstimate {
  const lag_ms = options.clockLag_ms ?? DEFAULT_CLOCK_LAG_MS;
  const accepted = observations.filter((one) => one.accepted);
  const rejected = observations.filter((one) => !one.accepted);
  const earliest = sorted(accepted.map((one) => one.sent_ms - lag_ms));
  const latest = sorted(accepted.map((one) => one.done_ms));
  const maxBurst = options.maxBurst ?? accepted.length;

  const consistent: BurstEstimate[] = [];
  for (let burst = 0; burst <= maxBurst; burst += 1) {
    const min_perS = lowestRate(earliest, latest, burst);
    const max_perS = highestRate(earliest, latest, rejected, burst, lag_ms);
    if (min_perS <= max_perS) consistent.push({ burst, min_perS, max_perS });
  }
  const bursts = consistent.map((one) => one.burst);
  return {
    consistent,
    burst: consistent.length === 0 ? null : { min: Math.min(...bursts), max: Math.max(...bursts) },
    rate_perS:
      consistent.length === 0
        ? null
        : {
            min: Math.min(...consistent.map((one) => one.min_perS)),
            max: Math.max(...consistent.map((one) => one.max_perS)),
          },
    accepted: accepted.length,
    rejected: rejected.length,
  };
}

/** Accepted i after accepted k: (i − k) − rate · (tᵢ − tₖ) ≤ burst, for the longest possible tᵢ − tₖ. */
function lowestRate(earliest: readonly number[], latest: readonly number[], burst: number): number {
  let lowest = 0;
  for (let i = burst + 1; i < latest.length; i += 1) {
    for (let k = 0; i - k > burst; k += 1) {
      const longest_ms = (latest[i] ?? 0) - (earliest[k] ?? 0);
      lowest = Math.max(lowest, ((i - k - burst) * 1000) / longest_ms);
    }
  }
  return lowest;
}

/** Each rejected request needs one accepted k with (count since k) − rate · (tⱼ − tₖ) > burst. */
function highestRate(
  earliest: readonly number[],
  latest: readonly number[],
  rejected: readonly LimiterObservation[],
  burst: number,
  lag_ms: number,
): number {
  let highest = Number.POSITIVE_INFINITY;
  for (const refusal of rejected) {
    const before = earliest.filter((at) => at <= refusal.done_ms).length;
    let best = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < before; k += 1) {
      const surplus = (before - k) * (1 + TRUNCATION) - burst;
      if (surplus <= 0) break;
      const shortest_ms = refusal.sent_ms - lag_ms - (latest[k] ?? 0);
      best = Math.max(best, shortest_ms <= 0 ? Number.POSITIVE_INFINITY : (surplus * 1000) / shortest_ms);
    }
    highest = Math.min(highest, best);
  }
  return highest;
}

/** Settings of a leaky bucket; the rate in requests a second. */
export interface LeakyBucket {
  readonly rate_perS: number;
  readonly burst: number;
}

/**
 * The decisions of nginx's bucket on requests that arrive at these instants
 * (ascending, ms), with its integer arithmetic. Times before the start of the
 * list do not exist: the first request meets a fresh key.
 */
export function simulateLeakyBucket(bucket: LeakyBucket, arrivals_ms: readonly number[]): boolean[] {
  const decide = leakyBucket(bucket);
  return arrivals_ms.map((at_ms) => decide(at_ms));
}

/** One key's bucket as a function: `decide(now_ms)` says whether the request is accepted. */
export function leakyBucket(bucket: LeakyBucket): (now_ms: number) => boolean {
  const rate = Math.floor(bucket.rate_perS * 1000 + 1e-6);
  const limit = bucket.burst * 1000;
  let excess = 0;
  let last_ms: number | null = null;
  return (now_ms) => {
    const now = Math.floor(now_ms);
    if (last_ms === null) {
      last_ms = now;
      return true;
    }
    const elapsed_ms = Math.max(0, now - last_ms);
    const next = Math.max(0, excess - Math.floor((rate * elapsed_ms) / 1000) + 1000);
    if (next > limit) return false;
    excess = next;
    last_ms = now;
    return true;
  };
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}
