/** What a scenario declares. One file a scenario; found by glob. */
import type { Profile } from '../reports/record/types.ts';
import type { LoadEngine } from './engines/engine.ts';
import type { FigurePromise } from './figures.ts';
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

/** Limits by client would hide what one gateway carries; where the time of a request goes it writes down only when asked. */
export type GatewayChange = 'limits by client lifted' | 'phases logged';

/** A part of the measured time at a rate of its own: a load step whose figures are never blended with others. */
export interface Stage {
  readonly name: string;
  /** Times the rate of the shape. */
  readonly times: number;
  /** Of the measured time, 0–1. */
  readonly share: number;
}

export interface Scenario {
  readonly title: string;
  /** What percentiles are of: latency from the intended start, or what the gateway adds to a request. */
  readonly measures: 'latency' | 'overhead';
  /** Its load in `verify` with the smoke profile, which has seconds for it; without one it is left out there. */
  readonly inSmokeVerify?: LoadShape;
  /** Instances that are also asked directly, past the gateway. */
  readonly besides?: readonly string[];
  /** A store of the topology that is asked instead of the gateway. */
  readonly store?: string;
  /** Asks the address that the gateways hold in turn, and not the first one's own. */
  readonly through?: 'virtual address';
  readonly engine: LoadEngine;
  readonly promises: readonly LatencyPromise[];
  readonly figures?: readonly FigurePromise[];
  readonly routes: readonly Route[];
  /** Added to every request, or to those that count where connections are opened first, or to those of slow readers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Also reads the memory of the gateway's workers now and then. */
  readonly watchesWorkers?: boolean;
  /** Every request opens a connection of its own; of k6. */
  readonly freshConnections?: true;
  /** How the gateway is changed while it runs. */
  readonly gateway?: GatewayChange;
  readonly shapes: Readonly<Record<Profile, LoadShape>>;
  /** In this order, all of the measured time; without them it is one stage at the rate of the shape. */
  readonly stages?: readonly Stage[];
  /** Most requests a minute that one client address may send: decides how many addresses are used. */
  readonly perAddress_perMin: number;
  readonly timeout_s: number;
}

/** Declares a scenario. @throws RangeError when it promises nothing or has no routes */
export function scenario(declared: Scenario): Scenario {
  if (claimsOf(declared).length === 0) throw new RangeError(`scenario "${declared.title}" binds no claim`);
  if (declared.routes.length === 0) throw new RangeError(`scenario "${declared.title}" has no routes`);
  return declared;
}

/** Every claim that a scenario decides, given samples enough. */
export function claimsOf({ promises, figures = [] }: Scenario): string[] {
  return [...promises, ...figures].map(({ claim }) => claim);
}

/** Name of the only stage of a scenario that declares none. */
export const MEASURED = 'measured';

/** What counts, in order. */
export const stagesOf = ({ stages }: Scenario): readonly Stage[] => stages ?? [{ name: MEASURED, times: 1, share: 1 }];

/**
 * Users, each with an address of its own: enough that no address goes beyond the stated
 * rate, and enough that as many requests as a broken promise would hold up can be under way.
 */
export function usersFor(declared: Scenario, shape: LoadShape, promises: readonly LatencyPromise[]): number {
  const addresses = (shape.rate_perS * 60) / declared.perAddress_perMin;
  const longest_s = Math.max(0, ...promises.map(({ limit_ms }) => limit_ms)) / 1000;
  return Math.ceil(Math.max(addresses, shape.rate_perS * longest_s));
}
