/** Requests of a step by what became of them; generators keep the number of kinds small. */
import { LatencyHistogram } from '../../measurement/histogram.ts';
import type { RequestKind } from '../../reports/record/types.ts';
import { CORRECTED } from '../k6/load.ts';
import type { DecodedCell } from './samples.ts';

/** What lines are counted as that name no kind. */
const UNNAMED = { answered: 'answered', refused: 'limited', failed: 'no reason known' } as const;

/** Kind of the requests of a line. */
export const kindOf = ({ kind, outcome }: Pick<DecodedCell, 'kind' | 'outcome'>): string => kind ?? UNNAMED[outcome];

/** The kind of failure for which a user waited as long as it could; all others may come at once. */
export const TIME_OUT = 'time-out';

interface Count {
  readonly outcome: RequestKind['outcome'];
  readonly kind: string;
  readonly latency: LatencyHistogram | null;
  requests: number;
}

/** Adds up lines; latencies as histograms. */
export class Kinds {
  readonly #counts = new Map<string, Count>();

  take(cell: DecodedCell): void {
    // Dropped requests, and samples that the tool makes by itself.
    if (cell.requests === 0) return;
    const { outcome } = cell;
    const kind = kindOf(cell);
    const key = `${outcome} ${kind}`;
    let count = this.#counts.get(key);
    if (!count) {
      // A failed request counts as endless, a refused one has no latency.
      count = { outcome, kind, latency: outcome === 'answered' ? new LatencyHistogram() : null, requests: 0 };
      this.#counts.set(key, count);
    }
    count.requests += cell.requests;
    const latency = cell.histograms[CORRECTED];
    if (latency !== undefined) count.latency?.add(latency);
  }

  /** Answered before refused before failed ones, the most frequent first. */
  table(): RequestKind[] {
    const order = ['answered', 'refused', 'failed'];
    return [...this.#counts.values()]
      .toSorted((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome) || b.requests - a.requests)
      .map(({ outcome, kind, requests, latency }) => ({ outcome, kind, requests, ...percentiles(latency) }));
  }
}

function percentiles(latency: LatencyHistogram | null): Pick<RequestKind, 'p50_ms' | 'p95_ms' | 'p99_ms'> {
  if (latency === null || latency.count === 0) return {};
  return { p50_ms: latency.percentile_ms(50), p95_ms: latency.percentile_ms(95), p99_ms: latency.percentile_ms(99) };
}
