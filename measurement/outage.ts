/**
 * Outages of a probe series: down stretches (`change-points.ts`), joined until the
 * service is back at its steady state for good, with bounds from the single probes at
 * their edges.
 */
import type { ProbeSample } from '../reports/record/types.ts';
import { downStretches } from './change-points.ts';
import type { Stretch } from './change-points.ts';
import { binomialTail, proportionInterval, quantile } from './statistics.ts';

/** The service must be back at its steady state this long before an outage counts as over. */
export const SUSTAINED_MS = 500;
/** Accepted chance that background errors next to an outage stretch its lower bound. */
const EDGE_RISK = 0.005;
/** Accepted chance that background errors after an outage are taken for a return that did not last. */
const RETURN_RISK = 0.001;

export interface SteadyState {
  /** Share of probes that fail without any fault. */
  readonly failureRate: number;
  /** What that share may be at most, for all that so few probes can say: what is compared with. */
  readonly failureRate_upper: number;
  /** Longest latency of an answered probe: an answer that is later than this was in trouble. */
  readonly latency_ms_max: number;
  readonly latency_ms_median: number;
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
  /** The series ended before the service was back for the sustained time: how long it lasted is not known. */
  readonly open: boolean;
}

/**
 * The steady state from probes without a fault. Half an error is added to the rate (the
 * Jeffreys prior's mean), because no error in n probes is not proof of none.
 *
 * @throws RangeError without an answered probe
 */
export function steadyState(samples: readonly ProbeSample[]): SteadyState {
  const answered = samples.filter((sample) => sample.ok);
  if (answered.length === 0) throw new RangeError('no answered probe: there is no steady state to compare with');
  const failed = samples.length - answered.length;
  const latencies_ms = answered.map((sample) => sample.done_ms - sample.sent_ms);
  return {
    failureRate: (failed + 0.5) / (samples.length + 1),
    failureRate_upper: proportionInterval(failed, samples.length).upper,
    latency_ms_max: Math.max(...latencies_ms),
    latency_ms_median: quantile(latencies_ms, 0.5),
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
  const stretches = downStretches(
    series.map((sample) => !sample.ok),
    steady.failureRate_upper,
  );
  return join(stretches, series, steady, sustained_ms).map((segment) => bounds(segment, series, steady, sustained_ms));
}

/** A stretch, and how often the service came back within it. */
interface Segment extends Stretch {
  readonly flaps: number;
}

/** Joins what the service did not come back between for the sustained time. */
function join(
  stretches: readonly Stretch[],
  series: readonly ProbeSample[],
  steady: SteadyState,
  sustained_ms: number,
): Segment[] {
  const joined: Segment[] = [];
  const reaches = (segment: Segment, next: Stretch): boolean =>
    sentAt(series, next.first) - sentAt(series, segment.last) < sustained_ms;
  let current: Segment | null = null;
  for (const stretch of stretches) {
    // Only where no stretch follows soon is it asked how good the return was.
    if (current && !reaches(current, stretch)) current = untilSteady(current, series, steady, sustained_ms);
    if (current && reaches(current, stretch)) {
      const last = Math.max(current.last, stretch.last);
      current = { first: current.first, last, flaps: current.flaps + 1 };
    } else {
      if (current) joined.push(current);
      current = { ...stretch, flaps: 0 };
    }
  }
  return current ? [...joined, untilSteady(current, series, steady, sustained_ms)] : joined;
}

/** Moves the end on while the sustained time behind it has more failures than the steady state explains. */
function untilSteady(
  segment: Segment,
  series: readonly ProbeSample[],
  steady: SteadyState,
  sustained_ms: number,
): Segment {
  const end_ms = sentAt(series, segment.last) + sustained_ms;
  const next = series.findIndex((sample) => sample.sent_ms > end_ms);
  const window = series.slice(segment.last + 1, next < 0 ? series.length : next);
  const failed = window.filter((sample) => !sample.ok).length;
  if (failed === 0 || binomialTail(failed, window.length, steady.failureRate_upper) > RETURN_RISK) return segment;
  const last = segment.last + 1 + window.findLastIndex((sample) => !sample.ok);
  return untilSteady({ ...segment, last, flaps: segment.flaps + 1 }, series, steady, sustained_ms);
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
function bounds(segment: Segment, series: readonly ProbeSample[], steady: SteadyState, sustained_ms: number): Outage {
  const failures = series.slice(segment.first, segment.last + 1).filter((sample) => !sample.ok);
  const before = series.slice(0, segment.first).filter((sample) => sample.ok);
  const after = series.slice(segment.last + 1).filter((sample) => sample.ok);
  const firstFailed_ms = sentAt(series, segment.first);
  const lastFailed_ms = sentAt(series, segment.last);
  const open = after.length === 0 || sentAt(series, series.length - 1) - lastFailed_ms < sustained_ms;
  const from_ms = before.at(-1)?.sent_ms ?? sentAt(series, 0);
  const ends_ms = (open ? series : after).map((sample) => sample.done_ms);
  const to_ms = open ? Math.max(...ends_ms) : Math.min(...ends_ms);
  // Requests under way may die with the service or be answered yet: half of what they take is the middle.
  const began_ms = (from_ms + firstFailed_ms + steady.latency_ms_median) / 2;
  const ended_ms = (lastFailed_ms + (after[0]?.sent_ms ?? to_ms)) / 2;
  const lower_ms = lowerBound(failures, steady);
  const upper_ms = Math.max(0, to_ms - from_ms);
  return {
    lower_ms,
    upper_ms,
    estimate_ms: Math.min(upper_ms, Math.max(lower_ms, ended_ms - began_ms)),
    firstFailed_ms,
    lastFailed_ms,
    failed: failures.length,
    probes: segment.last - segment.first + 1,
    flaps: segment.flaps,
    open,
  };
}

function lowerBound(failures: readonly ProbeSample[], steady: SteadyState): number {
  const spared = sparedAtEdge(steady.failureRate_upper);
  if (failures.length <= 2 * spared) return 0;
  const ascending = (a: number, b: number): number => a - b;
  const troubledBy = failures.map(({ sent_ms, done_ms }) => Math.min(done_ms, sent_ms + steady.latency_ms_max));
  const first_ms = troubledBy.toSorted(ascending)[spared] ?? 0;
  const last_ms = failures[failures.length - 1 - spared]?.sent_ms ?? 0;
  return Math.max(0, last_ms - first_ms);
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
