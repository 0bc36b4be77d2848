/** Whether Prometheus got what k6 counted: k6 writes its own samples there, as native histograms. */
import type { NativeHistogram, PrometheusSeries } from '../environments/harness/prometheus.ts';
import { GENERATOR_LABEL } from './engines/k6.ts';
import type { K6Summary } from './engines/k6-summary.ts';
import { CORRECTED } from './k6/load.ts';

/** Series of all steps, routes and answers; some end long before the load does, so their last value counts. */
export const HISTOGRAMS_QUERY = `sum by (${GENERATOR_LABEL}) (last_over_time(k6_${CORRECTED}_seconds[1d]))`;
/** What a dashboard would ask. */
export const P95_QUERY = `histogram_quantile(0.95, ${HISTOGRAMS_QUERY})`;

/** k6 asks for a factor of 1.1 between boundaries; Prometheus' next finer scale is eight buckets a doubling. */
const BUCKET_WIDTH = 2 ** (1 / 8) - 1;
/** Milliseconds and seconds are not the same floating-point number. */
const ROUNDING = 1e-9;

export interface Agreement {
  /** `unknown` when one side has nothing to compare with. */
  readonly state: 'agrees' | 'differs' | 'unknown';
  readonly text: string;
}

/** What Prometheus answered to both queries. */
export interface Arrived {
  readonly histograms: readonly PrometheusSeries[];
  readonly p95: readonly PrometheusSeries[];
}

/**
 * Compares the n-th generator with its series: as many requests, exactly, and a P95 in the
 * bucket where k6's is. k6 interpolates between two samples, so it may be the buckets of both.
 *
 * k6 leaves out a series whose last samples have the millisecond of the flush before: then a few
 * requests are missing indeed.
 */
export function compareWithPrometheus(n: number, counted: K6Summary | null, arrived: Arrived): Agreement {
  const generator = `generator ${String(n + 1)}`;
  const ofGenerator = ({ metric }: PrometheusSeries): boolean => metric[GENERATOR_LABEL] === String(n);
  const histogram = arrived.histograms.find(ofGenerator)?.histogram?.[1];
  if (counted === null)
    return { state: 'unknown', text: `${generator}: k6 left no summary to compare Prometheus with` };
  if (!histogram) return { state: 'differs', text: `${generator}: nothing of k6's samples arrived in Prometheus` };
  const { count, p95_ms } = counted;
  if (Number(histogram.count) !== count)
    return {
      state: 'differs',
      text: `${generator}: Prometheus has ${histogram.count} of the ${String(count)} requests that k6 counted`,
    };
  const place = 0.95 * (count - 1);
  const [low_ms] = bucketOf(histogram, Math.floor(place) + 1);
  const [, high_ms] = bucketOf(histogram, Math.ceil(place) + 1);
  const told_ms = 1000 * Number(arrived.p95.find(ofGenerator)?.value?.[1] ?? Number.NaN);
  const within = (value_ms: number): boolean =>
    value_ms >= low_ms * (1 - ROUNDING) && value_ms <= high_ms * (1 + ROUNDING);
  const text =
    `${generator}: Prometheus has all ${String(count)} requests of k6; P95 ${told_ms.toFixed(2)} ms there and ${p95_ms.toFixed(2)} ms in k6, ` +
    `which should lie in the same bucket, ${low_ms.toFixed(2)} to ${high_ms.toFixed(2)} ms (a bucket is ${(100 * BUCKET_WIDTH).toFixed(0)} % wide)`;
  return { state: within(told_ms) && within(p95_ms) ? 'agrees' : 'differs', text };
}

/** Boundaries of the bucket that holds the sample of a rank, ms; not a number when there are fewer samples. */
function bucketOf({ buckets = [] }: NativeHistogram, rank: number): readonly [number, number] {
  let seen = 0;
  for (const [, left, right, count] of buckets) {
    seen += Number(count);
    if (seen >= rank) return [1000 * Number(left), 1000 * Number(right)];
  }
  return [Number.NaN, Number.NaN];
}
