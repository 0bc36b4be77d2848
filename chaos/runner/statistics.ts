/** What the trials of an experiment show together: shares and outages with intervals, and one honest sentence. */
import type { ExperimentStatistics, OutageFigure, Trial } from '../../reports/record/types.ts';
import { trialOutcome } from '../../reports/record/trials.ts';
import type { TrialOutcome } from '../../reports/record/trials.ts';
import { seededRandom } from '../../measurement/random.ts';
import {
  bootstrapMedian,
  CONFIDENCE,
  median,
  proportionAtLeast,
  proportionInterval,
  quantile,
  quantileInterval,
  trialsForStatement,
} from '../../measurement/statistics.ts';
import { inSeconds, rangeInSeconds, trialsOf } from './words.ts';

/** The share of trials that a finished series should show. */
const SHARE = 0.95;
/** With fewer trials a bootstrap is too narrow to be shown. */
const BOOTSTRAP_LEAST = 10;

/**
 * Valid trials alone count.
 *
 * @param limit_s promised limit; 0 means no failed request, null that none is promised
 * @param seed of the run, for the resamples
 */
export function experimentStatistics(
  trials: readonly Trial[],
  limit_s: number | null,
  seed: number,
): ExperimentStatistics {
  const valid = trials.filter((trial) => trial.valid);
  const kept = limit_s === null ? null : valid.filter((trial) => trialOutcome(trial, limit_s) === 'kept').length;
  return {
    confidence: CONFIDENCE,
    valid: valid.length,
    ...(kept === null ? {} : { kept }),
    ...(kept === null || valid.length < 2 ? {} : { passRate: shares(kept, valid.length) }),
    outage: outageFigures(valid, seed),
    statement: statement(valid, limit_s, kept),
  };
}

function shares(kept: number, of: number): { lower: number; upper: number } {
  const { lower, upper } = proportionInterval(kept, of);
  return { lower: rounded(lower), upper: rounded(upper) };
}

function outageFigures(valid: readonly Trial[], seed: number): readonly OutageFigure[] {
  if (valid.length < 2 || valid.every((trial) => trial.upper_s === 0)) return [];
  const middles = valid.map((trial) => (trial.lower_s + trial.upper_s) / 2);
  const bounds = valid.map((trial) => [trial.lower_s, trial.upper_s] as const);
  const figures: OutageFigure[] = [];
  if (valid.length >= BOOTSTRAP_LEAST) {
    const { lower, upper } = bootstrapMedian(bounds, seededRandom(seed));
    const interval_s = { lower: rounded(lower), upper: rounded(upper) };
    figures.push({ name: 'median', value_s: rounded(median(middles)), interval_s, method: 'bootstrap' });
  }
  for (const [name, p] of [
    ['p50', 0.5],
    ['p95', 0.95],
  ] as const) {
    // The lower bound of the trials bounds the quantile from below, the upper one from above.
    const { lower } = quantileInterval(
      valid.map((trial) => trial.lower_s),
      p,
    );
    const { upper } = quantileInterval(
      valid.map((trial) => trial.upper_s),
      p,
    );
    const interval_s = { lower: lower === null ? null : rounded(lower), upper: upper === null ? null : rounded(upper) };
    figures.push({ name, value_s: rounded(quantile(middles, p)), interval_s, method: 'order statistics' });
  }
  return figures;
}

/** Milliseconds, and tenths of a per mille of shares: what follows is noise. */
const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;

function statement(valid: readonly Trial[], limit_s: number | null, kept: number | null): string {
  const [first] = valid;
  if (first === undefined) return 'no valid trial: nothing can be said';
  if (limit_s === null || kept === null) return `${trialsOf(valid.length)}, ${outages(valid)}; no limit is promised`;
  if (valid.length === 1) return single(first, limit_s);
  const goal = limit_s === 0 ? 'without a failed request' : `within ${inSeconds(limit_s)}`;
  const count = `${kept} of ${valid.length}`;
  const least = proportionAtLeast(kept, valid.length);
  if (least >= SHARE) return strong(count, limit_s);
  if (kept < valid.length) {
    const { lower, upper } = proportionInterval(kept, valid.length);
    return `${count} ${goal}: with ${percent(CONFIDENCE)} confidence between ${percent(lower)} and ${percent(upper)} of all`;
  }
  return (
    `${count} ${goal}: at least ${percent(least)} of all with ${percent(CONFIDENCE)} confidence; ` +
    `${trialsForStatement(SHARE)} of ${trialsForStatement(SHARE)} would show ${percent(SHARE)}`
  );
}

function strong(count: string, limit_s: number): string {
  if (limit_s === 0)
    return `no failed request in at least ${percent(SHARE)} of all, at ${percent(CONFIDENCE)}: ${count}`;
  return `p95 under ${inSeconds(limit_s)} at ${percent(CONFIDENCE)}: ${count}`;
}

/** One trial shows what can happen, not how often. */
function single(trial: Trial, limit_s: number): string {
  const when = trial.phase === 'worst' ? 'at the worst phase' : 'at a random phase';
  const said: Record<TrialOutcome, string> =
    limit_s === 0
      ? { kept: 'no request failed', broken: outages([trial]), between: `failed requests: ${trial.failedRequests}` }
      : {
          kept: `within ${inSeconds(limit_s)}`,
          broken: `longer than ${inSeconds(limit_s)}`,
          between: `${inSeconds(limit_s)} lies between its bounds`,
        };
  const needed = trialsForStatement(SHARE);
  return `one trial, ${when}: ${said[trialOutcome(trial, limit_s)]}; ${needed} of ${needed} would show ${percent(SHARE)}`;
}

function outages(valid: readonly Trial[]): string {
  const longest = Math.max(...valid.map((trial) => trial.upper_s));
  if (longest === 0) return 'no outage';
  return `outages of ${rangeInSeconds(Math.min(...valid.map((trial) => trial.lower_s)), longest)}`;
}

/** Rounded down, so that no statement promises more than was shown. */
const percent = (share: number): string => `${Math.floor(share * 100 + 1e-9)} %`;
