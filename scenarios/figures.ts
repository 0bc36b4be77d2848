/** Promised figures of a load that are no percentiles: how many requests, how much memory. */
import type { LatencyHistogram } from '../measurement/histogram.ts';
import { proportionInterval } from '../measurement/statistics.ts';
import type { Interval, ScenarioFigure, ScenarioResult } from '../reports/record/types.ts';
import { countedSpan, generatorUse, meanCores, systemUse, usedUp, useInWords } from './cores.ts';
import type { ConnectionsSeen } from './drivers/plan.ts';
import type { LoadMeasurement } from './engines/engine.ts';
import { worthOfAnswered } from './engines/seconds.ts';
import { ACHIEVED_RULE, REFUSED_RULE, slowed } from './engines/validity.ts';
import type { ValidityRule } from './engines/validity.ts';
import type { PhaseTimes } from './phases.ts';
import type { LoadShape } from './scenario.ts';

/** What a figure is taken from. */
export interface LoadSeen {
  readonly measured: LoadMeasurement;
  readonly resources: ScenarioResult['resources'];
  readonly cores?: ScenarioResult['cores'];
  readonly shape: LoadShape;
  /** Cores that the system under test has. */
  readonly sutCores: number;
  /** Of scenarios that let the gateway write them down. */
  readonly phases?: readonly PhaseTimes[];
}

export interface Estimate {
  readonly value: number;
  /** With 95 % confidence. */
  readonly interval: Interval;
  /** Why this shows nothing; null when it does. */
  readonly excuse: string | null;
  /** What made it worse than it is: explains a broken promise, and says nothing against a kept one. */
  readonly worsened?: string | null;
  /**
   * Of a figure that looks better the slower everything is: what slowed it, beside the system; null when
   * nothing did. That explains a kept promise, and says nothing against a broken one.
   */
  readonly flattered?: string | null;
}

export interface FigurePromise {
  readonly claim: string;
  readonly what: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly limit: number;
  /**
   * Validity rule that the figure itself is about: that it is broken says nothing about the
   * generator. Null for none; by default whether enough came through, or was refused.
   */
  readonly question?: string | null;
  /** Requests that it needs; a profile that sends fewer leaves it out. */
  readonly samples?: number;
  readonly of: (seen: LoadSeen) => Estimate;
}

/**
 * Conforms when the whole interval keeps the limit, deviates when it breaks it and nothing else
 * explains that. More than was promised needs no excuse, unless slowness looks like more; that
 * little came through says something only when the load was sound.
 */
export function judgeFigure(
  declared: FigurePromise,
  seen: LoadSeen,
  validity: readonly ValidityRule[],
): ScenarioFigure {
  const { of, question: _, samples: __, ...promise } = declared;
  const { value, interval, excuse, worsened = null, flattered } = of(seen);
  const { lower, upper } = interval;
  const kept =
    promise.better === 'higher' ? lower !== null && lower >= promise.limit : upper !== null && upper <= promise.limit;
  const broken =
    promise.better === 'higher' ? upper !== null && upper < promise.limit : lower !== null && lower > promise.limit;
  const measured = { ...promise, measured: Math.round(value * 10) / 10, interval };
  const { question = promise.better === 'higher' ? ACHIEVED_RULE : REFUSED_RULE } = declared;
  const unsound = validity.find(({ rule, holds }) => !holds && rule !== question);
  if (kept && promise.better === 'higher' && excuse === null && flattered === undefined)
    return { ...measured, verdict: 'conforms' };
  if (unsound) return { ...measured, verdict: 'inconclusive', reason: `${unsound.rule}: ${unsound.seen}` };
  if (excuse !== null) return { ...measured, verdict: 'inconclusive', reason: excuse };
  if (kept && typeof flattered === 'string') return { ...measured, verdict: 'inconclusive', reason: flattered };
  if (kept) return { ...measured, verdict: 'conforms' };
  if (worsened !== null) return { ...measured, verdict: 'inconclusive', reason: worsened };
  return { ...measured, verdict: broken ? 'deviates' : 'inconclusive' };
}

/** What made figures of the whole measured time worse than they are, beside the system; null when nothing did. */
export const slowedWhile = (seen: LoadSeen): string | null =>
  slowed(seen.measured, generatorUse(seen, countedSpan(seen.shape)))?.why ?? null;

/**
 * Requests a second that got an answer without error, of those offered: their share with its
 * interval. Where the system used up its cores the figure says how much one core
 * carries, and no more: documents that name no hardware promise nothing for this one.
 */
export function answeredPerS(gateway: string): FigurePromise['of'] {
  return (seen) => {
    const { measured, resources, shape } = seen;
    const { answered } = measured.outcomes;
    const due = Math.max(measured.offered, measured.achieved);
    const worth = worthOfAnswered(measured.seconds);
    const share = proportionInterval(worth * answered, worth * due);
    const rate = due / shape.measured_s;
    const value = answered / shape.measured_s;
    const use = systemUse(seen, countedSpan(shape));
    const own = meanCores(resources, gateway, shape).toFixed(2);
    return {
      value,
      interval: { lower: share.lower * rate, upper: share.upper * rate },
      excuse: null,
      worsened: usedUp(use)
        ? `the cores of the system were used up, ${useInWords(use)}, ${own} by the gateway: ${Math.round(value / use.busy)} requests/s a core, and the document names no hardware`
        : slowedWhile(seen),
    };
  };
}

/** More failed requests than this share say that the load met something else than a limiter. */
const FAILED_MAX = 0.01;

/** Requests a minute that got an answer and no refusal: what a limiter lets through. */
export const acceptedPerMin: FigurePromise['of'] = ({ measured: { outcomes, achieved }, shape }) => ({
  ...counted((outcomes.answered * 60) / shape.measured_s),
  excuse:
    outcomes.failed > FAILED_MAX * achieved
      ? `${outcomes.failed} of ${achieved} requests failed, and not by a limiter`
      : null,
});

/** Connections that were open at once, or requests that waited on them at once, counted by the generator. */
export const mostAtOnce =
  (what: keyof Pick<ConnectionsSeen, 'held' | 'waiting'>): FigurePromise['of'] =>
  ({ measured }) => ({
    ...counted(measured.connections?.[what] ?? 0),
    excuse: measured.outcomes.answered === 0 ? 'not one request was answered, which no limit explains' : null,
  });

/** Memory of the largest worker while connections were held, at least as many as asked for. */
export const workerMemoryHolding =
  (gateway: string, connections: number): FigurePromise['of'] =>
  ({ measured, resources }) => {
    const readings = resources.find(({ container }) => container === gateway)?.worker_mib ?? [];
    const held = measured.connections?.held ?? 0;
    return {
      ...counted(Math.max(0, ...readings.map(([, mib]) => mib))),
      excuse:
        readings.length === 0
          ? 'nobody could read the memory of the workers'
          : held < connections
            ? `only ${held} connections were held, ${connections} are asked for`
            : null,
    };
  };

/** A percentile (0–100) of latencies with its interval, ms. */
export const percentileOf = (latency: LatencyHistogram, percentile: number): Pick<Estimate, 'value' | 'interval'> => ({
  value: latency.percentile_ms(percentile),
  interval: latency.interval_ms(percentile),
});

/**
 * A share in percent with its exact interval.
 *
 * @param worth of each one, when they are not independent; see `effectiveShare`
 */
export function shareOf(part: number, whole: number, worth = 1): Pick<Estimate, 'value' | 'interval'> {
  const { lower, upper } = proportionInterval(worth * part, worth * whole);
  return { value: (100 * part) / whole, interval: { lower: 100 * lower, upper: 100 * upper } };
}

/** A count has no error of its own. */
export const counted = (value: number): Estimate => ({ value, interval: { lower: value, upper: value }, excuse: null });
