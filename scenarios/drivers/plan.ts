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
}

/** What a driver says last. */
export interface DriverEnd {
  /** Requests that the tool itself counted. */
  readonly requests: number;
  readonly connections?: ConnectionsSeen;
  /** How late its event loop was in the last step, 99th percentile, of tools that run in one. */
  readonly loopDelay_ms?: number;
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
