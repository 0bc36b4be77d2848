/** What verdicts are called and which glyph stands for them. */
import type { ClaimLevel, Disposition, Verdict } from '../record/types.ts';

/** A verdict in words. */
export const VERDICT_WORD: Readonly<Record<Verdict, string>> = {
  conforms: 'conforms',
  deviates: 'deviates',
  inconclusive: 'inconclusive',
  'not-applicable': 'not applicable',
  error: 'harness error',
  'not-run': 'not run',
};

/** A mark of one column for terminals. */
export const VERDICT_MARK: Readonly<Record<Verdict, string>> = {
  conforms: '✔',
  deviates: '✘',
  inconclusive: '?',
  'not-applicable': '–',
  error: '!',
  'not-run': '·',
};

/** CSS class and symbol name of a verdict: a token of the palette. */
export const VERDICT_TOKEN: Readonly<Record<Verdict, string>> = {
  conforms: 'conforms',
  deviates: 'deviates',
  inconclusive: 'inconclusive',
  'not-applicable': 'na',
  error: 'error',
  'not-run': 'notrun',
};

/** Verdicts in the order of bars, legends and filters: kept first, then broken, then what was not judged. */
export const READING_ORDER: readonly Verdict[] = [
  'conforms',
  'deviates',
  'not-applicable',
  'inconclusive',
  'not-run',
  'error',
];

/** Levels, most binding first. */
export const LEVELS: readonly ClaimLevel[] = ['must', 'should', 'target'];

/** Dispositions, most urgent first. */
export const DISPOSITIONS: readonly Disposition[] = ['new', 'known', 'waived', 'fixed'];
