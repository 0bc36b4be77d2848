/**
 * What the host tells a script: the environment variable GATEPROOF_LOAD, as
 * JSON. This folder runs inside k6 and may import k6 and itself only; the host
 * imports the types.
 */

/** One route of the mix; drawn in proportion to its weight. */
export interface Route {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly weight: number;
}

/** One load step: its own k6 scenario, so that no figure blends two steps. */
export interface LoadStep {
  readonly name: string;
  readonly rate_perS: number;
  readonly start_s: number;
  readonly duration_s: number;
  /** How long requests under way may go on after the end; 0 hands their users to the next step, connections and all. */
  readonly drain_s: number;
  /** Its users, when they are not as many as the plan's. */
  readonly virtualUsers?: number;
  /** Each user sends again as soon as it was answered, whatever the rate: for the throughput of tools alone. */
  readonly closedLoop?: boolean;
}

export interface LoadPlan {
  readonly baseUrl: string;
  /** Host name → address, so that certificate and virtual host fit. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly steps: readonly LoadStep[];
  readonly routes: readonly Route[];
  /** Headers of a scenario, beside those that scripts set. */
  readonly headers: Readonly<Record<string, string>>;
  /** Every request opens a connection of its own. */
  readonly freshConnections?: boolean;
  /** Backends that a script asks directly, past the gateway: `http://<address>:<port>`. */
  readonly backends: readonly string[];
  /** k6's thresholds, for runs that nothing else judges. */
  readonly thresholds?: Readonly<Record<string, readonly string[]>>;
  /** Virtual users of each step; each has one client address. */
  readonly virtualUsers: number;
  readonly timeout_s: number;
}

/** What k6 itself measures of a request: from the send to the last byte. */
export const ACTUAL = 'http_req_duration';
/** Metrics that the scripts add to k6's own. */
export const CORRECTED = 'gateproof_corrected';
export const BACKEND = 'gateproof_backend';
export const OVERHEAD = 'gateproof_overhead';
export const CONNECT = 'gateproof_connect';
/** Counters of scripts begin so: what the measured step counted beside requests (see tally.ts). */
export const TALLY = 'gateproof_tally_';
