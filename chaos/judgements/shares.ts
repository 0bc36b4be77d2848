/** The share of an instance in the answers of a pool. Pure. */
import { proportionInterval } from '../../measurement/statistics.ts';
import type { Step } from '../operations/journal.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { Judged } from '../runner/verdict.ts';
import { sentIn } from './procedure.ts';
import type { Window } from './procedure.ts';

export interface Share {
  readonly got: number;
  readonly of: number;
  /** Of the share, 0–1, with 95 % confidence. */
  readonly lower: number;
  readonly upper: number;
}

/** Requests that leave so shortly before or after a change are not counted to it. */
const EDGE_MS = 200;

/** Share of an instance in the answers of a window; null when nobody answered. */
export function shareOf(probes: readonly SessionProbe[], instance: string, window: Window): Share | null {
  const answered = sentIn(probes, window).filter(({ ok }) => ok);
  if (answered.length === 0) return null;
  const got = answered.filter(({ servedBy }) => servedBy === instance).length;
  return { got, of: answered.length, ...proportionInterval(got, answered.length) };
}

export interface SharePlan {
  /** Promised share, 0–1. */
  readonly expected: number;
  /** How far the share may be from it. */
  readonly tolerance: number;
}

/** Conforms when the counted share lies within the tolerance, deviates when its interval lies outside, else inconclusive. */
export function judgeShare(share: Share | null, { expected, tolerance }: SharePlan): Judged {
  if (share === null) return { verdict: 'inconclusive', reason: 'no request was answered in the window' };
  if (Math.abs(share.got / share.of - expected) <= tolerance) return { verdict: 'conforms' };
  if (share.lower > expected + tolerance || share.upper < expected - tolerance) return { verdict: 'deviates' };
  return { verdict: 'inconclusive', reason: 'too few requests to tell the share' };
}

/**
 * Shares by weight, each in the time after the step of a kind that set it or asked for
 * it, until the next step or the end of the window.
 */
export function sharesAfter(
  steps: readonly Step[],
  probes: readonly SessionProbe[],
  { kind, window_ms }: { readonly kind: 'weight' | 'asked-weight'; readonly window_ms: number },
): ReadonlyMap<number, Share | null> {
  return new Map(
    steps.flatMap(({ step, on, at_ms, value }, index) => {
      if (step !== kind || value === undefined) return [];
      const end_ms = Math.min(steps[index + 1]?.at_ms ?? Number.POSITIVE_INFINITY, at_ms + window_ms);
      return [[value, shareOf(probes, on, { from_ms: at_ms + EDGE_MS, to_ms: end_ms - EDGE_MS })] as const];
    }),
  );
}
