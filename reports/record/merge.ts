/** How several verdicts on one claim become one. */
import type { Verdict } from './types.ts';

/**
 * From the gravest to the mildest. `not-applicable` is not in it: a claim that
 * cannot be judged here is neither better nor worse than one that can.
 */
export const SEVERITY = [
  'error',
  'deviates',
  'inconclusive',
  'not-run',
  'conforms',
] as const satisfies readonly Verdict[];

/** All verdicts, gravest first, `not-applicable` last: the order of tables and legends. */
export const VERDICTS: readonly Verdict[] = [...SEVERITY, 'not-applicable'];

/** Rank of a verdict: 0 is the gravest; `not-applicable` comes after all others. */
export function severity(verdict: Verdict): number {
  return VERDICTS.indexOf(verdict);
}

/**
 * The gravest of several verdicts. `not-applicable` counts only when there is
 * nothing else; no verdict at all is `not-run`.
 */
export function mergeVerdicts(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) return 'not-run';
  return verdicts.reduce((gravest, verdict) => (severity(verdict) < severity(gravest) ? verdict : gravest));
}
