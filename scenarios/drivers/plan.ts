/** What the host tells a driver, as JSON. This folder runs in the generator and imports itself and its image's packages only. */
import type { Step } from './cells.ts';

/** The n-th IPv4 address after one. */
export function addressAfter(first: string, n: number): string {
  const value = first.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0) + n;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

export interface DriverPlan {
  readonly url: string;
  readonly serverName: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Label of the route in what is counted. */
  readonly route: string;
  /** Steps without a gap, all at the same rate. */
  readonly steps: readonly Step[];
  readonly rate_perS: number;
  readonly connections: number;
  /** Address of the first connection; the others have those that follow it. */
  readonly firstAddress: string;
  readonly timeout_s: number;
  /** Beside the requests of the rate. */
  readonly slow?: SlowPlan;
}

/** What slow clients do slowly: send a header that never ends, send a body, read an answer. */
export type SlowKind = 'headers' | 'bodies' | 'readers';

/** Slow clients, each on a connection of its own; they begin at their rate, however many are still there. */
export interface SlowPlan extends Readonly<Record<`${SlowKind}_perS`, number>> {
  /** How long a body or the reading of an answer takes, s. */
  readonly trickle_s: number;
}

/** Addresses of slow clients, one after the other; at 115 clients a second each comes back after 70 s. */
export const SLOW_ADDRESSES = 8_000;

/** What a driver says last. */
export interface DriverEnd {
  /** Requests that the tool itself counted. */
  readonly requests: number;
  readonly connections?: ConnectionsSeen;
  /** How late its event loop was in the last step, 99th percentile, of tools that run in one. */
  readonly loopDelay_ms?: number;
  readonly slow?: SlowSeen;
}

/** Slow clients that ended in the measured step; those with endless headers were ended then at the latest. */
export type SlowSeen = Readonly<Record<SlowKind, SlowKindSeen>>;

export interface SlowKindSeen {
  readonly ended: number;
  /** Endless headers: had a connection. Bodies and readers: came to their end, with a good status. */
  readonly served: number;
  /** HDR histogram of how long the connections were there, as in the cells. */
  readonly kept: string;
}

/** Connections and the requests that waited on them, most at one time. */
export interface ConnectionsSeen {
  /** Open at the end of the measured step, each of them answered in it. */
  readonly held: number;
  /** Refused, or closed by the gateway before the end. */
  readonly lost: number;
  /** Requests under way at once that were answered without error in the end. */
  readonly waiting: number;
}
