/** From trials to one verdict. */
import type { Trial, Verdict } from '../../reports/record/types.ts';
import { proportionInterval } from '../../measurement/statistics.ts';

/** More trials thrown away than this share, and the rest says nothing. */
export const THROWN_AWAY_LIMIT = 0.05;

export interface Judged {
  readonly verdict: Extract<Verdict, 'conforms' | 'deviates' | 'inconclusive'>;
  readonly reason?: string;
}

/**
 * Conforms when every trial's upper bound holds the limit, deviates when one
 * trial's lower bound breaks it, else inconclusive. Trials thrown away count
 * against the whole, but cannot unmake a deviation that a valid trial has shown.
 */
export function judgeOutages(trials: readonly Trial[], limit_s: number): Judged {
  const valid = trials.filter((trial) => trial.valid);
  const broken = valid.filter((trial) => trial.lower_s > limit_s);
  if (broken.length > 0) return { verdict: 'deviates' };
  const soundness = thrownAway(trials);
  if (soundness) return soundness;
  if (valid.every((trial) => trial.upper_s <= limit_s)) return { verdict: 'conforms' };
  return { verdict: 'inconclusive', reason: `the bounds of a trial enclose the limit of ${limit_s} s` };
}

/**
 * For "clients notice nothing": conforms without any failed request; deviates
 * when failures are more frequent than in the steady state (the intervals of
 * both rates are apart), else inconclusive.
 *
 * @param before failed and all requests of the steady state before the fault
 */
export function judgeNoFailures(
  trials: readonly Trial[],
  before: { readonly failed: number; readonly total: number },
): Judged {
  const valid = trials.filter((trial) => trial.valid);
  const usual = before.total === 0 ? 1 : proportionInterval(before.failed, before.total).upper;
  const worse = (trial: Trial) => proportionInterval(trial.failedRequests, trial.totalRequests).lower > usual;
  if (valid.some((trial) => trial.lower_s > 0 || worse(trial))) return { verdict: 'deviates' };
  const soundness = thrownAway(trials);
  if (soundness) return soundness;
  if (valid.every((trial) => trial.failedRequests === 0)) return { verdict: 'conforms' };
  return { verdict: 'inconclusive', reason: 'a few requests failed, no more often than without a fault' };
}

function thrownAway(trials: readonly Trial[]): Judged | null {
  const invalid = trials.filter((trial) => !trial.valid);
  if (trials.length > 0 && invalid.length / trials.length <= THROWN_AWAY_LIMIT) return null;
  const reasons = [...new Set(invalid.map((trial) => trial.invalidReason ?? 'no reason given'))].join('; ');
  return {
    verdict: 'inconclusive',
    reason: `${invalid.length} of ${trials.length} trials thrown away: ${reasons || 'none was run'}`,
  };
}
