/** What a scenario declares. One file a scenario; found by glob. */
import type { Profile } from '../reports/record/types.ts';
import type { LoadEngine } from './engines/engine.ts';
import type { Route } from './k6/load.ts';

/** A promise about a percentile of what the scenario measures. */
export interface LatencyPromise {
  readonly claim: string;
  /** 0–100 */
  readonly percentile: number;
  readonly limit_ms: number;
}

/** One constant rate after a warm-up at the same rate, which is cut off. */
export interface LoadShape {
  readonly rate_perS: number;
  readonly warmup_s: number;
  readonly measured_s: number;
}

export interface Scenario {
  readonly title: string;
  /** What percentiles are of: latency from the intended start, or what the gateway adds to a request. */
  readonly measures: 'latency' | 'overhead';
  /** Short enough for `verify` in the smoke profile. */
  readonly inSmokeVerify?: boolean;
  /** Instances that are also asked directly, past the gateway. */
  readonly besides?: readonly string[];
  readonly engine: LoadEngine;
  readonly promises: readonly LatencyPromise[];
  readonly routes: readonly Route[];
  readonly shapes: Readonly<Record<Profile, LoadShape>>;
  /** Most requests a minute that one client address may send: decides how many addresses are used. */
  readonly perAddress_perMin: number;
  readonly timeout_s: number;
}

/** Declares a scenario. @throws RangeError when it promises nothing or has no routes */
export function scenario(declared: Scenario): Scenario {
  if (declared.promises.length === 0) throw new RangeError(`scenario "${declared.title}" binds no claim`);
  if (declared.routes.length === 0) throw new RangeError(`scenario "${declared.title}" has no routes`);
  return declared;
}

/** Client addresses that keep every one of them at or below the stated rate. */
export function addressesFor(declared: Scenario, shape: LoadShape): number {
  return Math.ceil((shape.rate_perS * 60) / declared.perAddress_perMin);
}
