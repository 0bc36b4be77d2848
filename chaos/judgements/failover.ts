/** A limit on the time for which clients of the virtual address are not served. */
import type { ClaimJudgement, TrialData } from '../runner/experiment.ts';
import { judgeOutages } from '../runner/verdict.ts';
import { keepalivedLog } from './holders.ts';

/** Judges every trial's bounds against the limit. @param mechanism why it takes longer, when it does */
export function judgeFailover(
  claim: string,
  trials: readonly TrialData[],
  limit_s: number,
  mechanism: string,
): ClaimJudgement {
  const judged = judgeOutages(
    trials.map(({ trial }) => trial),
    limit_s,
  );
  const valid = trials.filter(({ trial }) => trial.valid).map(({ trial }) => trial);
  const bounds = valid.map(({ lower_s, upper_s }) => `${lower_s.toFixed(2)} to ${upper_s.toFixed(2)} s`);
  return {
    claim,
    verdict: judged.verdict,
    expected: `clients are served again within ${limit_s} s`,
    observed:
      valid.length === 0
        ? 'no valid trial'
        : valid.length <= 3
          ? `outage of ${bounds.join(', ')}`
          : `outages between ${Math.min(...valid.map(({ lower_s }) => lower_s)).toFixed(2)} and ${Math.max(...valid.map(({ upper_s }) => upper_s)).toFixed(2)} s in ${valid.length} trials`,
    ...(judged.verdict === 'deviates' ? { reason: mechanism } : judged.reason ? { reason: judged.reason } : {}),
    evidence: keepalivedLog(trials.filter(({ trial }) => trial.valid)),
  };
}
