/** Judges how long requests waited for something that a time-out ends. */
import type { Judged } from '../runner/verdict.ts';

/** Waits of one kind and what was promised about them. */
export interface Waits {
  /** What a wait is, for reasons. */
  readonly what: string;
  readonly promised_s: number;
  /** A wait may be shorter by this much: timers start a little before or after the request does. */
  readonly early_s: number;
  /** Longer by this much is still the promise: connecting, authentication, the second try. */
  readonly late_s: number;
  readonly waited_s: readonly number[];
}

/** Beyond this many tolerances no busy machine explains a wait. */
const CLEARLY = 3;

/**
 * Conforms when every wait of every kind ends when it was promised to, and each kind
 * was seen. Deviates when one ends too early, which no busy machine brings about, or
 * far too late; what lies between is inconclusive.
 */
export function judgeWaits(kinds: readonly Waits[]): Judged {
  const wrong = kinds.flatMap((kind) =>
    kind.waited_s.filter((wait_s) => isWrong(kind, wait_s)).map((wait_s) => ({ kind, wait_s })),
  );
  const [first] = wrong;
  if (first)
    return {
      verdict: 'deviates',
      reason: `${first.kind.what} took ${first.wait_s.toFixed(2)} s, promised are ${first.kind.promised_s.toString()} s`,
    };
  const unseen = kinds.find(({ waited_s }) => waited_s.length === 0);
  if (unseen) return { verdict: 'inconclusive', reason: `${unseen.what} was not seen` };
  const late = kinds.find((kind) => kind.waited_s.some((wait_s) => wait_s > kind.promised_s + kind.late_s));
  if (late)
    return { verdict: 'inconclusive', reason: `${late.what} took a little longer than promised: the machine is busy` };
  return { verdict: 'conforms' };
}

function isWrong({ promised_s, early_s, late_s }: Waits, wait_s: number): boolean {
  return wait_s < promised_s - early_s || wait_s > promised_s + CLEARLY * late_s;
}
