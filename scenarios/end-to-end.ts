/** End-to-end times: what the generator measured, and the parts of a request's way that it cannot walk. */
import type { Estimate, FigurePromise } from './figures.ts';
import { counted, slowedWhile } from './figures.ts';

/** What the way between a client and the gateway takes, ms. */
export interface Network {
  readonly shortest_ms: number;
  readonly longest_ms: number;
}

/**
 * The fastest answer on the shortest way. The network is added and not emulated: a delay in
 * front of the gateway changes nothing behind it, and the extremes of a sum of independent
 * parts are the sums of their extremes. A slow machine makes the fastest answer slower, so it can
 * keep this promise in the gateway's place, and cannot break it.
 */
export const shortestEndToEnd =
  ({ shortest_ms }: Network): FigurePromise['of'] =>
  (seen) => {
    const { corrected, outcomes } = seen.measured;
    return { ...extreme(corrected.atRank_ms(1) + shortest_ms, outcomes), flattered: slowedWhile(seen) };
  };

/** The slowest answer on the longest way. */
export const longestEndToEnd =
  ({ longest_ms }: Network): FigurePromise['of'] =>
  (seen) => {
    const { corrected, outcomes } = seen.measured;
    return { ...extreme(corrected.max_ms + longest_ms, outcomes), worsened: slowedWhile(seen) };
  };

/** An extreme of what was seen has no error of its own. Requests that failed took no time that could be told. */
function extreme(value_ms: number, { answered, failed }: { answered: number; failed: number }): Estimate {
  const excuse = answered === 0 ? 'nothing was answered' : failed > 0 ? `${failed} requests failed` : null;
  return { ...counted(value_ms), excuse };
}
