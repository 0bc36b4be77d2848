/** What one trial says about a limit: the one place where runner and reports agree on it. */
import type { Trial } from './types.ts';

/** Kept and broken for certain, or neither: then the limit lies between the bounds. */
export type TrialOutcome = 'kept' | 'broken' | 'between';

/** A limit of 0 s means that no request may fail. */
export function trialOutcome(
  trial: Pick<Trial, 'lower_s' | 'upper_s' | 'failedRequests'>,
  limit_s: number,
): TrialOutcome {
  if (trial.lower_s > limit_s) return 'broken';
  const quiet = limit_s > 0 || trial.failedRequests === 0;
  return trial.upper_s <= limit_s && quiet ? 'kept' : 'between';
}
