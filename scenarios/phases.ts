/** What nginx itself writes about the time that a request spends in it and behind it, and promised figures of that. */
import { LatencyHistogram } from '../measurement/histogram.ts';
import { percentileOf, shareOf, slowedWhile } from './figures.ts';
import type { Estimate, FigurePromise, LoadSeen } from './figures.ts';

/**
 * Format of a line, in variables of nginx: when it was written, the whole request, the connection to
 * the upstream and the upstream's answer, in seconds with three digits. A request without an
 * upstream has `-`, one that was sent twice has two times.
 */
export const PHASES = '$msec $status $request_time $upstream_connect_time $upstream_response_time';

/** One request that a single upstream answered, ms. */
export interface PhaseTimes {
  /** Since the epoch. */
  readonly ended_ms: number;
  readonly request_ms: number;
  readonly connect_ms: number;
  readonly upstream_ms: number;
}

const LINE = /^(\d+\.\d{3}) 2\d\d (\d+\.\d{3}) (\d+\.\d{3}) (\d+\.\d{3})$/;

/** Lines of good answers; all others are passed over. */
export function phaseTimes(lines: readonly string[]): PhaseTimes[] {
  return lines.flatMap((line) => {
    const times = LINE.exec(line)
      ?.slice(1)
      .map((text) => Math.round(Number(text) * 1000));
    const [ended_ms = 0, request_ms = 0, connect_ms = 0, upstream_ms = 0] = times ?? [];
    return times ? [{ ended_ms, request_ms, connect_ms, upstream_ms }] : [];
  });
}

/** Requests without their warm-up: those of the measured time at the end of the load. */
export function timesMeasured({ phases = [], shape }: LoadSeen): readonly PhaseTimes[] {
  const last_ms = Math.max(0, ...phases.map(({ ended_ms }) => ended_ms));
  return phases.filter(({ ended_ms }) => ended_ms > last_ms - shape.measured_s * 1000);
}

/** A percentile of one part of the requests, ms; nginx's clock has whole milliseconds. */
export const phasePercentile =
  (percentile: number, part: (times: PhaseTimes) => number): FigurePromise['of'] =>
  (seen) => {
    const times = timesMeasured(seen);
    const histogram = new LatencyHistogram();
    for (const one of times) histogram.record(part(one));
    return estimate(seen, times.length, percentileOf(histogram, percentile));
  };

/** A percentile of connecting to the gateway, as the generator saw it, ms. */
export const connectPercentile =
  (percentile: number): FigurePromise['of'] =>
  (seen) => ({
    ...percentileOf(seen.measured.connect, percentile),
    excuse: seen.measured.connect.count === 0 ? 'no connection was opened in the measured time' : null,
    worsened: slowedWhile(seen),
  });

/** Share of the requests whose upstream took a time within a range, %. */
export const upstreamWithin =
  (min_ms: number, max_ms: number): FigurePromise['of'] =>
  (seen) => {
    const times = timesMeasured(seen);
    const within = times.filter(({ upstream_ms }) => upstream_ms >= min_ms && upstream_ms <= max_ms).length;
    return estimate(seen, times.length, shareOf(within, Math.max(1, times.length)));
  };

function estimate(seen: LoadSeen, lines: number, figure: Pick<Estimate, 'value' | 'interval'>): Estimate {
  const { answered } = seen.measured.outcomes;
  return {
    ...figure,
    // A line that is missing was not read, or the request had no upstream: then these are not the requests that were sent.
    excuse: lines < 0.99 * answered ? `the gateway wrote about ${lines} of ${answered} answered requests` : null,
    worsened: slowedWhile(seen),
  };
}
