/** What became of requests by the second in which they were due. */
import { effectiveShare } from '../../measurement/clusters.ts';
import type { Outcomes } from './engine.ts';

export interface SecondOutcomes extends Outcomes {
  /** Due and never sent. */
  readonly dropped: number;
}

/** By the second of the plan. */
export type OutcomesBySecond = ReadonlyMap<number, SecondOutcomes>;

/** What requests are worth that tell which share of those due was answered; see `effectiveShare`. */
export const worthOfAnswered = (seconds: OutcomesBySecond): number => worth(seconds, ({ answered }) => answered);

/** The same for the share that failed, or was never sent. */
export const worthOfFailed = (seconds: OutcomesBySecond): number =>
  worth(seconds, ({ failed, dropped }) => failed + dropped);

function worth(seconds: OutcomesBySecond, part: (second: SecondOutcomes) => number): number {
  return effectiveShare(
    new Map(
      [...seconds].map(([at_s, one]) => [
        at_s,
        { samples: one.answered + one.refused + one.failed + one.dropped, below: part(one) },
      ]),
    ),
  );
}
