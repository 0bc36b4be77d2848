/** From outages whose truth is known to results of a calibration. */
import type { CalibrationResult } from '../../reports/record/types.ts';
import type { Outage } from '../../measurement/outage.ts';
import { median } from '../../measurement/statistics.ts';

/** How far the median of measured outages may be from the truth. */
export const MEDIAN_TOLERANCE_MS = 15;
/** Bounds must hold the truth at least this often. */
const HELD_MIN = 0.99;

export interface Calibration {
  readonly results: readonly CalibrationResult[];
  /** What could not be measured soundly, and why; says nothing about the instrument. */
  readonly inconclusive: readonly string[];
}

/** One outage. */
export interface OutageTrial {
  readonly truth_ms: number;
  /** What the truth may be longer by. */
  readonly slack_ms: number;
  /** The outage with the most failures that was found; null when none was. */
  readonly found: Outage | null;
}

/** The outage with the most failures. */
export function worst(outages: readonly Outage[]): Outage | null {
  return outages.toSorted((a, b) => b.failed - a.failed)[0] ?? null;
}

/** Whether the bounds hold the truth. */
export function held({ truth_ms, slack_ms, found }: OutageTrial): boolean {
  return found !== null && found.lower_ms <= truth_ms + slack_ms && truth_ms <= found.upper_ms;
}

/**
 * One result of many trials: holds when the bounds held the truth in 99 of 100 and the
 * median error is small. An outage that was not found counts as measured with 0 ms.
 */
export function resultOf(name: string, trials: readonly OutageTrial[]): CalibrationResult {
  const good = trials.filter(held).length;
  const error_ms = median(trials.map(errorOf));
  const truth_ms = median(trials.map(({ truth_ms: one }) => one));
  return {
    instrument: `${name}; bounds held in ${good} of ${trials.length}`,
    truth: round(truth_ms),
    measured: round(truth_ms + error_ms),
    tolerance: MEDIAN_TOLERANCE_MS,
    unit: 'ms',
    holds:
      good >= trials.length * HELD_MIN && median(trials.map((one) => Math.abs(errorOf(one)))) <= MEDIAN_TOLERANCE_MS,
  };
}

function errorOf({ truth_ms, found }: OutageTrial): number {
  return (found?.estimate_ms ?? 0) - truth_ms;
}

const round = (value: number): number => Math.round(value * 10) / 10;
