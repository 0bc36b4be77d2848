/** Who answered, and whether the shares fit weights. */
import { proportionInterval } from '../../measurement/statistics.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { TrialData } from '../runner/experiment.ts';

/** Answers by instance. */
export type Counts = Readonly<Record<string, number>>;

/** Counts answered probes that were sent in a stretch of the trial, by who answered. */
export function answeredBy(probes: readonly SessionProbe[], from_ms: number, to_ms: number): Counts {
  const counts: Record<string, number> = {};
  for (const probe of probes) {
    if (!probe.ok || probe.servedBy === undefined || probe.sent_ms < from_ms || probe.sent_ms > to_ms) continue;
    counts[probe.servedBy] = (counts[probe.servedBy] ?? 0) + 1;
  }
  return counts;
}

/** Adds counts up. */
export function added(counts: readonly Counts[]): Counts {
  const sum: Record<string, number> = {};
  for (const one of counts) for (const [name, count] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

/** `admin-1 40, admin-2 41`. */
export function tellCounts(counts: Counts): string {
  const entries = Object.entries(counts).toSorted(([a], [b]) => a.localeCompare(b));
  return entries.map(([name, count]) => `${name} ${count}`).join(', ') || 'nobody';
}

/** Instant of a line in a trial's timeline; null when it is not there. */
export function noted(one: TrialData, what: string): number | null {
  return one.trial.timeline.find((event) => event.what === what)?.at_ms ?? null;
}

export type Fit = 'fits' | 'differs' | 'unclear';

/**
 * Compares counts with shares (percent, by instance). Smooth weighted round robin is
 * exact but for the ends of the window, so a share that is off by more than
 * `tolerance_points` and whose interval excludes it differs.
 */
export function fitShares(
  counts: Counts,
  shares_percent: Readonly<Record<string, number>>,
  tolerance_points: number,
): Fit {
  const total = Object.keys(counts).reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  if (total === 0) return 'unclear';
  const off = Object.entries(shares_percent).filter(
    ([name, wanted]) => Math.abs((100 * (counts[name] ?? 0)) / total - wanted) > tolerance_points,
  );
  const strangers = Object.keys(counts).filter((name) => shares_percent[name] === undefined);
  if (off.length === 0 && strangers.length === 0) return 'fits';
  const shown = off.some(([name, wanted]) => {
    const { lower, upper } = proportionInterval(counts[name] ?? 0, total);
    return wanted < lower * 100 || wanted > upper * 100;
  });
  return shown || strangers.length > 0 ? 'differs' : 'unclear';
}
