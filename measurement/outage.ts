/**
 * Outages of a probe series. Two states explain the series: up, where probes
 * fail at the steady state's background rate, and down, where they fail at a
 * higher rate found from the data. The most likely sequence of states, with a
 * price for each change (so that chance runs of background errors do not pay),
 * gives the change points; single probes at the change points give the bounds.
 */
import type { ProbeSample } from '../reports/record/types.ts';

/** The service must be back at its steady state this long before an outage counts as over. */
export const SUSTAINED_MS = 500;
/** Failure rate of a hard outage: one answer in the middle is possible, one at its edge is not part of it. */
const HARD_RATE = 0.998;
/** Stretches that fail at least this often are taken for hard outages. */
const NEARLY_HARD = 0.85;
/** Accepted chance that background errors next to an outage stretch its lower bound. */
const EDGE_RISK = 0.005;

export interface SteadyState {
  /** Share of probes that fail without any fault. */
  readonly failureRate: number;
  /** Longest latency of an answered probe: an answer that is later than this was in trouble. */
  readonly latency_ms_max: number;
  readonly probes: number;
}

export interface Outage {
  /** The service was unreachable for at least `lower_ms` and at most `upper_ms`; `estimate_ms` lies between. */
  readonly lower_ms: number;
  readonly upper_ms: number;
  readonly estimate_ms: number;
  /** First and last failed probe, by the time they were sent. */
  readonly firstFailed_ms: number;
  readonly lastFailed_ms: number;
  readonly failed: number;
  readonly probes: number;
  /** How often the service came back for less than the sustained time. */
  readonly flaps: number;
  /** The series ended before the service was back. */
  readonly open: boolean;
}

/**
 * The steady state from probes without a fault. Half an error is added (the
 * Jeffreys prior's mean), because no error in n probes is not proof of none.
 *
 * @throws RangeError without an answered probe
 */
export function steadyState(samples: readonly ProbeSample[]): SteadyState {
  const answered = samples.filter((sample) => sample.ok);
  if (answered.length === 0) throw new RangeError('no answered probe: there is no steady state to compare with');
  return {
    failureRate: (samples.length - answered.length + 0.5) / (samples.length + 1),
    latency_ms_max: Math.max(...answered.map((sample) => sample.done_ms - sample.sent_ms)),
    probes: samples.length,
  };
}

/**
 * All outages of one series, in order.
 *
 * @param samples one series, any order
 */
export function findOutages(
  samples: readonly ProbeSample[],
  steady: SteadyState,
  sustained_ms = SUSTAINED_MS,
): Outage[] {
  const series = samples.toSorted((a, b) => a.sent_ms - b.sent_ms);
  const segments = merge(downSegments(series, steady.failureRate), series, sustained_ms);
  return segments.map((segment) => bounds(segment, series, steady));
}

/** Indices of the first and last failed probe of a stretch, and how many stretches were joined into it. */
interface Segment {
  readonly first: number;
  readonly last: number;
  readonly joined: number;
}

/** Down stretches under the failure rate that explains the series best (hard EM from several starts). */
function downSegments(series: readonly ProbeSample[], background: number): Segment[] {
  const failed = series.map((sample) => !sample.ok);
  let best: { readonly score: number; readonly segments: Segment[] } = { score: 0, segments: [] };
  for (const start of [HARD_RATE, 0.6, 0.25]) {
    let rate = Math.max(start, Math.min(0.9, background * 3));
    for (let round = 0; round < 4; round += 1) {
      const found = mostLikely(failed, background, rate);
      if (found.score > best.score) best = found;
      const refined = rateWithin(found.segments, failed);
      if (refined === null || Math.abs(refined - rate) < 1e-3) break;
      rate = Math.max(refined, background * 2);
    }
  }
  return best.segments;
}

/** Failure rate inside the stretches; null when there are none. */
function rateWithin(segments: readonly Segment[], failed: readonly boolean[]): number | null {
  let failures = 0;
  let probes = 0;
  for (const { first, last } of segments) {
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
): { readonly score: number; readonly segments: Segment[] } {
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
  const segments: Segment[] = [];
  for (let stretch = end.stretch; stretch !== null; stretch = stretch.before) {
    const first = failed.indexOf(true, stretch.from);
    const last = failed.lastIndexOf(true, stretch.to);
    if (first >= 0 && first <= last) segments.unshift({ first, last, joined: 1 });
  }
  return { score: end.score, segments };
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly before: Stretch | null;
}

interface Path {
  readonly score: number;
  readonly stretch: Stretch | null;
}

/** Joins stretches between which the service was not back for the sustained time. */
function merge(segments: readonly Segment[], series: readonly ProbeSample[], sustained_ms: number): Segment[] {
  const merged: Segment[] = [];
  for (const segment of segments) {
    const previous = merged.at(-1);
    const gap_ms = previous ? sentAt(series, segment.first) - sentAt(series, previous.last) : Number.POSITIVE_INFINITY;
    if (previous && gap_ms < sustained_ms) {
      merged[merged.length - 1] = { first: previous.first, last: segment.last, joined: previous.joined + 1 };
    } else {
      merged.push(segment);
    }
  }
  return merged;
}

/**
 * Bounds from single probes. A failed probe says that the service was in
 * trouble at some moment between sending and failing, and no later than the
 * steady state's longest latency after sending, since a healthy service would
 * have answered by then. An answered probe says that it served at some moment
 * before the answer. So the outage covers the moments of all failed probes, and
 * lies between those of the answered ones around them. At each edge the lower
 * bound spares as many failures as background errors alone might have put there.
 */
function bounds(segment: Segment, series: readonly ProbeSample[], steady: SteadyState): Outage {
  const failures = series.slice(segment.first, segment.last + 1).filter((sample) => !sample.ok);
  const spared = sparedAtEdge(steady.failureRate);
  const certain = failures.length > 2 * spared ? failures.slice(spared, failures.length - spared) : [];
  const troubledBy = certain.map((sample) => Math.min(sample.done_ms, sample.sent_ms + steady.latency_ms_max));
  const lower_ms = Math.max(0, Math.max(...certain.map((sample) => sample.sent_ms)) - Math.min(...troubledBy));

  const before = series.slice(0, segment.first).filter((sample) => sample.ok);
  const after = series.slice(segment.last + 1).filter((sample) => sample.ok);
  const open = after.length === 0;
  const from_ms = before.at(-1)?.sent_ms ?? sentAt(series, 0);
  const to_ms = open
    ? Math.max(...series.map((sample) => sample.done_ms))
    : Math.min(...after.map((sample) => sample.done_ms));
  const firstFailed_ms = sentAt(series, segment.first);
  const lastFailed_ms = sentAt(series, segment.last);
  const nextAnswered_ms = after[0]?.sent_ms ?? to_ms;
  return {
    lower_ms: certain.length === 0 ? 0 : lower_ms,
    upper_ms: Math.max(0, to_ms - from_ms),
    estimate_ms: Math.max(0, (lastFailed_ms + nextAnswered_ms) / 2 - (from_ms + firstFailed_ms) / 2),
    firstFailed_ms,
    lastFailed_ms,
    failed: failures.length,
    probes: segment.last - segment.first + 1,
    flaps: segment.joined - 1,
    open,
  };
}

/** Smallest m for which m + 1 background errors in a row at one of two edges are rarer than the accepted risk. */
function sparedAtEdge(failureRate: number): number {
  let spared = 0;
  while (2 * failureRate ** (spared + 1) > EDGE_RISK && spared < 5) spared += 1;
  return spared;
}

function sentAt(series: readonly ProbeSample[], index: number): number {
  return series[index]?.sent_ms ?? 0;
}
