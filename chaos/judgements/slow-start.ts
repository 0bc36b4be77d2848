/** Whether an instance that came back gets its traffic back gradually or all at once. */
import { proportionInterval } from '../../measurement/statistics.ts';
import type { ClaimJudgement } from '../runner/experiment.ts';

/** Documented ramp (`slow_start`) after a recovery. */
export const RAMP_S = 60;

export interface ReturnCount {
  /** Answers by the instance, and by all, in a window that opens with its first answer. */
  readonly byVictim: number;
  readonly answered: number;
  readonly window_s: number;
  /** Share of the instance before the fault, 0–1. */
  readonly fullShare: number;
}

/**
 * With a linear ramp over 60 s the mean share in the first w seconds is w / 120
 * of the full share. Gradual: the interval of the measured share ends below a
 * quarter of the full share (twice the ramp's share at w = 15 s, so that an
 * honest ramp of another shape passes); at once: it begins above half of it.
 */
export function judgeSlowStart(claim: string, victim: string, seen: ReturnCount): ClaimJudgement {
  const { byVictim, answered, window_s, fullShare } = seen;
  const common = {
    claim,
    needsPlus: true,
    expected: `${victim} gets its share back over about ${RAMP_S} s: in its first ${window_s} s about ${percent((fullShare * window_s) / (2 * RAMP_S))} of all requests`,
    evidence: [],
  };
  if (answered === 0)
    return {
      ...common,
      verdict: 'inconclusive',
      observed: 'no answer after the recovery',
      reason: `${victim} did not come back in any valid trial`,
    };
  const { lower, upper } = proportionInterval(byVictim, answered);
  const observed =
    `${byVictim} of ${answered} requests (${percent(byVictim / answered)}; with 95 % confidence ${percent(lower)} to ${percent(upper)}) ` +
    `in its first ${window_s} s; its full share is ${percent(fullShare)}`;
  if (upper < fullShare / 4) return { ...common, verdict: 'conforms', observed };
  if (lower > fullShare / 2) {
    const reason =
      'the slow_start parameter belongs to the commercial edition; without it an instance is back at full weight with the first request that succeeds after fail_timeout';
    return { ...common, verdict: 'deviates', observed, reason };
  }
  return { ...common, verdict: 'inconclusive', observed, reason: 'the share lies between a ramp and a return at once' };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
