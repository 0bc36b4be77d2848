/**
 * Change points of a probe series. Two states explain it: up, where probes fail at the
 * background rate, and down, where they fail at a higher rate found from the data. The
 * most likely sequence of states, with a price for each change (so that chance runs of
 * background errors do not pay), gives the stretches.
 */

/** Failure rate of a hard outage: one answer in the middle is possible, one at its edge is not part of it. */
const HARD_RATE = 0.998;
/** Stretches that fail at least this often are taken for hard outages. */
const NEARLY_HARD = 0.85;

/** Indices of the first and last failed probe of a stretch. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
}

/**
 * Down stretches under the failure rate that explains the series best (hard EM from several starts).
 *
 * @param failed probes in the order they were sent
 * @param background share of probes that fail while the service is up, above 0
 */
export function downStretches(failed: readonly boolean[], background: number): Stretch[] {
  // Where half of all fail anyway, only a hard outage can be told from it.
  const usual = Math.min(background, 0.5);
  let best: { readonly score: number; readonly stretches: Stretch[] } = { score: 0, stretches: [] };
  for (const start of [HARD_RATE, 0.6, 0.25]) {
    let rate = Math.max(start, Math.min(0.9, usual * 3));
    for (let round = 0; round < 4; round += 1) {
      const found = mostLikely(failed, usual, rate);
      if (found.score > best.score) best = found;
      const refined = rateWithin(found.stretches, failed);
      if (refined === null || Math.abs(refined - rate) < 1e-3) break;
      rate = Math.min(HARD_RATE, Math.max(refined, usual * 2));
    }
  }
  return best.stretches;
}

/** Failure rate inside the stretches; null when there are none. */
function rateWithin(stretches: readonly Stretch[], failed: readonly boolean[]): number | null {
  let failures = 0;
  let probes = 0;
  for (const { first, last } of stretches) {
    probes += last - first + 1;
    failures += failed.slice(first, last + 1).filter(Boolean).length;
  }
  if (probes === 0) return null;
  return failures / probes >= NEARLY_HARD ? HARD_RATE : failures / probes;
}

/**
 * Viterbi over two states. Scores are log-likelihood ratios against "always
 * up"; each change costs ln(n), the usual price of a change point (Schwarz's criterion
 * for one parameter and its place, as in Yao 1988).
 */
function mostLikely(
  failed: readonly boolean[],
  background: number,
  rate: number,
): { readonly score: number; readonly stretches: Stretch[] } {
  const ifFailed = Math.log(rate / background);
  const ifAnswered = Math.log((1 - rate) / (1 - background));
  const change = Math.log(Math.max(failed.length, 2));
  // A state is its score and the list of stretches that led there, newest first.
  let up: Path = { score: 0, stretch: null };
  let down: Path = { score: Number.NEGATIVE_INFINITY, stretch: null };
  failed.forEach((bad, index) => {
    const gain = bad ? ifFailed : ifAnswered;
    const enter = up.score - change;
    const leave = down.score - change;
    const nextDown: Path =
      enter > down.score
        ? { score: enter + gain, stretch: { from: index, to: index, before: up.stretch } }
        : { score: down.score + gain, stretch: down.stretch && { ...down.stretch, to: index } };
    up = leave > up.score ? { score: leave, stretch: down.stretch } : up;
    down = nextDown;
  });
  const end = down.score > up.score ? down : up;
  const stretches: Stretch[] = [];
  for (let stretch = end.stretch; stretch !== null; stretch = stretch.before) {
    const first = failed.indexOf(true, stretch.from);
    const last = failed.lastIndexOf(true, stretch.to);
    if (first >= 0 && first <= last) stretches.unshift({ first, last });
  }
  return { score: end.score, stretches };
}

/** A stretch on the way, linked to the one before it. */
interface Link {
  readonly from: number;
  readonly to: number;
  readonly before: Link | null;
}

interface Path {
  readonly score: number;
  readonly stretch: Link | null;
}
