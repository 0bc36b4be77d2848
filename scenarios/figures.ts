/** Promised figures of a load that are no percentiles: how many requests are let through. */
import type { Interval, ScenarioFigure } from '../reports/record/types.ts';
import type { LoadMeasurement } from './engines/engine.ts';
import { ACHIEVED_RULE, REFUSED_RULE } from './engines/validity.ts';
import type { ValidityRule } from './engines/validity.ts';
import type { LoadShape } from './scenario.ts';

/** What a figure is taken from. */
export interface LoadSeen {
  readonly measured: LoadMeasurement;
  readonly shape: LoadShape;
}

export interface Estimate {
  readonly value: number;
  /** With 95 % confidence. */
  readonly interval: Interval;
  /** Why this shows nothing; null when it does. */
  readonly excuse: string | null;
}

export interface FigurePromise {
  readonly claim: string;
  readonly what: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly limit: number;
  readonly of: (seen: LoadSeen) => Estimate;
}

/**
 * Conforms when the whole interval keeps the limit, deviates when it breaks it and nothing else
 * explains that. More than was promised needs no excuse; that little came through says
 * something only when the load was sound.
 */
export function judgeFigure(
  { of, ...promise }: FigurePromise,
  seen: LoadSeen,
  validity: readonly ValidityRule[],
): ScenarioFigure {
  const { value, interval, excuse } = of(seen);
  const { lower, upper } = interval;
  const kept =
    promise.better === 'higher' ? lower !== null && lower >= promise.limit : upper !== null && upper <= promise.limit;
  const broken =
    promise.better === 'higher' ? upper !== null && upper < promise.limit : lower !== null && lower > promise.limit;
  const measured = { ...promise, measured: Math.round(value * 10) / 10, interval };
  const question = promise.better === 'higher' ? ACHIEVED_RULE : REFUSED_RULE;
  const unsound = validity.find(({ rule, holds }) => !holds && rule !== question);
  if (kept && promise.better === 'higher') return { ...measured, verdict: 'conforms' };
  if (unsound) return { ...measured, verdict: 'inconclusive', reason: `${unsound.rule}: ${unsound.seen}` };
  if (excuse !== null) return { ...measured, verdict: 'inconclusive', reason: excuse };
  if (kept) return { ...measured, verdict: 'conforms' };
  return { ...measured, verdict: broken ? 'deviates' : 'inconclusive' };
}

/** More failed requests than this share say that the load met something else than a limiter. */
const FAILED_MAX = 0.01;

/** Requests a minute that got an answer and no refusal, counted: what a limiter lets through. */
export const acceptedPerMin: FigurePromise['of'] = ({ measured: { outcomes, achieved }, shape }) => {
  const value = (outcomes.answered * 60) / shape.measured_s;
  const strange = outcomes.failed > FAILED_MAX * achieved;
  return {
    value,
    // A count has no error of its own.
    interval: { lower: value, upper: value },
    excuse: strange ? `${outcomes.failed} of ${achieved} requests failed, and not by a limiter` : null,
  };
};
