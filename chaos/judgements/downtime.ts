/** What a fault costs of a yearly budget of downtime. */
import { findOutages, steadyState } from '../../measurement/outage.ts';
import type { Outage } from '../../measurement/outage.ts';
import type { ClaimJudgement, TrialData } from '../runner/experiment.ts';
import { failureEvidence, sinceFault, tellFailures } from './failures.ts';

/** 0.05 % of a year of 8,760 h. */
export const BUDGET_H = 4.38;
const SECONDS_PER_HOUR = 3_600;

export interface YearlyFault {
  readonly claim: string;
  readonly what: string;
  /** Assumed, and said so: nothing measures how often a fault comes. */
  readonly perYear: number;
  /** Why requests fail; told when the budget is broken. */
  readonly mechanism: string;
}

/**
 * Conforms when no request failed (the fault costs nothing, however often it comes)
 * or when the upper bound of all outages times their number stays within the budget;
 * deviates when the lower bound breaks it, or when the service did not come back by
 * itself: what lasts until somebody comes has no bound that could be multiplied.
 */
export function judgeDowntime(trials: readonly TrialData[], fault: YearlyFault): ClaimJudgement {
  const { claim, what, perYear, mechanism } = fault;
  const valid = trials.filter((one) => one.trial.valid);
  const outages = valid.map((one) => findOutages(sinceFault(one), steadyState(one.before)));
  const lasting = valid.some((one, i) => (outages[i] ?? []).some((outage) => lasts(outage, one)));
  const sum_s = (bound: 'lower_ms' | 'upper_ms'): number =>
    Math.max(0, ...outages.map((all) => all.reduce((sum, outage) => sum + outage[bound] / 1_000, 0)));
  const yearly_h = (outage_s: number): number => (outage_s * perYear) / SECONDS_PER_HOUR;
  const [lower_h, upper_h] = [yearly_h(sum_s('lower_ms')), yearly_h(sum_s('upper_ms'))];
  const common = {
    claim,
    expected: `at most ${BUDGET_H} h of downtime a year; ${what} is assumed to come ${perYear} times a year`,
    observed: `${tellFailures(trials)}; ${lower_h.toFixed(2)} to ${upper_h.toFixed(2)} h a year`,
    evidence: failureEvidence(trials),
  };
  if (valid.length === 0) {
    const why = trials.map((one) => one.trial.invalidReason ?? '').join('; ');
    return { ...common, verdict: 'inconclusive', reason: `no trial counts: ${why || 'none was run'}` };
  }
  if (lasting)
    return { ...common, verdict: 'deviates', reason: `${mechanism}; it lasted until ${what} was taken away` };
  if (lower_h > BUDGET_H) return { ...common, verdict: 'deviates', reason: mechanism };
  if (valid.length === trials.length && upper_h <= BUDGET_H) return { ...common, verdict: 'conforms' };
  return { ...common, verdict: 'inconclusive', reason: 'the bounds enclose the budget, or trials were thrown away' };
}

/** An outage of this length that still lasts when the fault is undone did not end by itself, ms. */
const LASTING_MS = 1_000;
/** An undo takes effect before it is known to be done, ms. */
const UNDO_MS = 500;

function lasts({ lower_ms, firstFailed_ms, lastFailed_ms }: Outage, { trial }: TrialData): boolean {
  const { reverted_ms } = trial.fault;
  return lower_ms >= LASTING_MS && firstFailed_ms < reverted_ms - LASTING_MS && lastFailed_ms >= reverted_ms - UNDO_MS;
}
