/** How long the fixed parts of a trial take. */
export interface TrialDurations {
  /** The first probes meet cold code and cold caches on both ends; they are not judged. */
  readonly warmUp_ms: number;
  /** How long to wait, at most, for a machine that leaves the prober punctual. */
  readonly calm_ms: number;
  /** Steady state before the fault: 300 probes at 10 ms. */
  readonly steadyBefore_ms: number;
  readonly steadyAfter_ms: number;
}

export const DURATIONS: TrialDurations = {
  warmUp_ms: 1_000,
  calm_ms: 120_000,
  steadyBefore_ms: 3_000,
  steadyAfter_ms: 1_500,
};

/** Longest wait for a steady state. */
export const STEADY_TIMEOUT_MS = 30_000;

/** Longest wait until every instance answers again: a penalty of the gateway, and a gradual return over a minute. */
export const ALL_ANSWER_TIMEOUT_MS = 90_000;
