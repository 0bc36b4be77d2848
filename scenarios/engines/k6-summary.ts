/** What k6 sums up at the end of a run (see `summaryFile` in scenarios/k6/steps.ts). */
import { CORRECTED, TALLY } from '../k6/load.ts';
import type { GeneratorHost } from './engine.ts';

/** Where the n-th generator leaves its summary: several may share a container. */
export const summaryPath = (n: number): string => `/tmp/gateproof-summary-${String(n)}.json`;

export type Summary = Readonly<
  Record<string, { readonly values: { readonly count?: number; readonly 'p(95)'?: number } } | undefined>
>;

/** Metrics that the n-th generator summed up; null when it left no summary. */
export async function readSummary(host: GeneratorHost, n: number): Promise<Summary | null> {
  const lines: string[] = [];
  await host.exec(['cat', summaryPath(n)], { onLine: (line) => lines.push(line) });
  try {
    return (JSON.parse(lines.join('\n')) as { metrics: Summary }).metrics;
  } catch {
    return null;
  }
}

/** What k6 itself counted of a run, all steps together. */
export interface K6Summary {
  readonly count: number;
  /** P95 of the corrected latency, from every sample. */
  readonly p95_ms: number;
}

/** Requests of a generator; null when it left no summary. */
export function requestsOf(summary: Summary | null): K6Summary | null {
  const { count, 'p(95)': p95_ms = 0 } = summary?.[CORRECTED]?.values ?? {};
  return count === undefined ? null : { count, p95_ms };
}

/** What scripts counted beside requests, all generators together; a count that nothing was added to is missing. */
export function talliesOf(summaries: readonly (Summary | null)[]): Readonly<Record<string, number>> {
  const tallies: Record<string, number> = {};
  for (const [metric, found] of summaries.flatMap((summary) => Object.entries(summary ?? {}))) {
    if (!metric.startsWith(TALLY)) continue;
    const name = metric.slice(TALLY.length);
    tallies[name] = (tallies[name] ?? 0) + (found?.values.count ?? 0);
  }
  return tallies;
}
