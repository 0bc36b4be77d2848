import type { Evidence, Verdict } from '../reports/record/types.ts';

/** What a check found: a verdict with what was promised, what was seen, and the proof. */
export interface Outcome {
  readonly verdict: Verdict;
  readonly expected: string;
  readonly observed: string;
  readonly reason?: string;
  readonly evidence: readonly Evidence[];
  /** It deviates only because something came later than promised, for which the machine may be to blame. */
  readonly onlyLate?: boolean;
}

/**
 * The promise held or it did not: the usual end of a check whose instrument was
 * sound. `reason` is the mechanism of a deviation; a promise that holds needs none.
 */
export function judge(
  holds: boolean,
  expected: string,
  observed: string,
  evidence: readonly Evidence[],
  reason?: string,
): Outcome {
  return {
    verdict: holds ? 'conforms' : 'deviates',
    expected,
    observed,
    evidence,
    ...(reason && !holds ? { reason } : {}),
  };
}

/** Measured, but not soundly enough to say. `reason` names the cause. */
export function inconclusive(
  expected: string,
  observed: string,
  reason: string,
  evidence: readonly Evidence[] = [],
): Outcome {
  return { verdict: 'inconclusive', expected, observed, reason, evidence };
}

/** This machine, image or edition cannot do it. */
export function notApplicable(expected: string, reason: string, evidence: readonly Evidence[] = []): Outcome {
  return { verdict: 'not-applicable', expected, observed: 'not measured', reason, evidence };
}

const SEVERITY: readonly Verdict[] = ['error', 'deviates', 'inconclusive', 'not-run', 'not-applicable', 'conforms'];

/**
 * Several measurements of one promise: the worst decides. Observed texts of the
 * parts that share the worst verdict are kept, all evidence is.
 *
 * @throws {RangeError} without any part
 */
export function together(parts: readonly Outcome[]): Outcome {
  const worst = SEVERITY.find((verdict) => parts.some((part) => part.verdict === verdict));
  const deciding = parts.filter(({ verdict }) => verdict === worst);
  const [first] = deciding;
  if (!first || !worst) throw new RangeError('no part to judge');
  const reasons = [...new Set(deciding.flatMap(({ reason }) => (reason ? [reason] : [])))];
  return {
    verdict: worst,
    expected: [...new Set(parts.map(({ expected }) => expected))].join('; '),
    observed: [...new Set(deciding.map(({ observed }) => observed))].join('; '),
    evidence: parts.flatMap(({ evidence }) => evidence),
    ...(reasons.length > 0 ? { reason: reasons.join('; ') } : {}),
    ...(deciding.every(({ onlyLate }) => onlyLate) ? { onlyLate: true } : {}),
  };
}
