/** Whether failures with successes in between count towards taking an instance out. */
import type { ClaimJudgement } from '../runner/experiment.ts';

/** One request that an instance received. */
export interface Tried {
  readonly at_ms: number;
  readonly failed: boolean;
}

export interface FlakyTrial {
  readonly tried: readonly Tried[];
  /** While the instance failed some of them. */
  readonly from_ms: number;
  readonly to_ms: number;
  /** Whether the fault was in at all. */
  readonly faultShown: boolean;
}

/** An instance in rotation has a request each 200 ms. */
const LEFT_ALONE_MS = 4_000;
/** Failures that an instance has to survive, each with successes since the one before. */
const SURVIVED_MIN = 4;

export function judgeConsecutive(claim: string, trials: readonly FlakyTrial[]): ClaimJudgement {
  const read = trials.filter(({ faultShown }) => faultShown).map(readTrial);
  const common = {
    claim,
    expected: 'the instance stays in rotation as long as a request succeeds between its failures',
    observed:
      read
        .map(
          ({ failures, between, out }) =>
            `${failures} failures, ${between} successes between the first and the last; ${out ? 'then left alone' : 'still in rotation'}`,
        )
        .join(' | ') || 'no failure',
    evidence: [],
  };
  if (read.some(({ out, apart }) => out && apart))
    return {
      ...common,
      verdict: 'deviates',
      reason: 'nginx adds up failures within fail_timeout; a success in between does not take them back',
    };
  if (read.length > 0 && read.every(({ out, failures }) => !out && failures >= SURVIVED_MIN))
    return { ...common, verdict: 'conforms' };
  return { ...common, verdict: 'inconclusive', reason: 'the failures came one after the other, or too few of them' };
}

interface Read {
  readonly failures: number;
  readonly between: number;
  readonly out: boolean;
  /** A success lay between any two failures. */
  readonly apart: boolean;
}

function readTrial({ tried, from_ms, to_ms }: FlakyTrial): Read {
  const during = tried.filter(({ at_ms }) => at_ms >= from_ms && at_ms <= to_ms).toSorted((a, b) => a.at_ms - b.at_ms);
  const last_ms = during.at(-1)?.at_ms ?? from_ms;
  const first = during.findIndex(({ failed }) => failed);
  const last = during.findLastIndex(({ failed }) => failed);
  const span = first < 0 ? [] : during.slice(first, last + 1);
  return {
    failures: span.filter(({ failed }) => failed).length,
    between: span.filter(({ failed }) => !failed).length,
    out: to_ms - last_ms >= LEFT_ALONE_MS,
    apart: span.every(({ failed }, index) => !(failed && span[index + 1]?.failed)),
  };
}
