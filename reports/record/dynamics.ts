/**
 * What experiments and scenarios leave in the record: results over time. Part
 * of `types.ts`, which hands everything on; import from there.
 */
import type { ContainerResources, CoreResources, CoreUse } from './resources.ts';
import type { Replicas, Verdict } from './types.ts';

/** A closed interval; `null` bounds are open. */
export interface Interval {
  readonly lower: number | null;
  readonly upper: number | null;
}

/** One single answer or failure of a probe series; all times in ms on the run's clock. */
export interface ProbeSample {
  readonly intended_ms: number;
  readonly sent_ms: number;
  readonly done_ms: number;
  readonly ok: boolean;
  readonly kind: string;
}

export interface TimelineEvent {
  readonly at_ms: number;
  readonly source: string;
  readonly what: string;
}

/** One thing that was in one state after another: a keepalived role, who holds an address, a timer. */
export interface StateLane {
  readonly name: string;
  readonly spans: readonly {
    readonly from_ms: number;
    readonly to_ms: number;
    readonly state: string;
    /** How it is drawn: holding the role, waiting, gone, or a running timer. */
    readonly kind: 'active' | 'standby' | 'down' | 'timer';
  }[];
}

export interface Trial {
  readonly phase_s: number;
  /** Whether the fault was timed to cost most, or met its timers by chance. */
  readonly phase?: 'worst' | 'random';
  /** Bounds of the outage that clients saw; both 0 when no request failed. */
  readonly lower_s: number;
  readonly upper_s: number;
  readonly failedRequests: number;
  readonly totalRequests: number;
  readonly valid: boolean;
  readonly invalidReason?: string;
  readonly errorsByKind: Readonly<Record<string, number>>;
  readonly timeline: readonly TimelineEvent[];
  /** Fault injected, proved, reverted, removal proved; ms on the trial's clock. */
  readonly fault: {
    readonly injected_ms: number;
    readonly proved_ms: number;
    readonly reverted_ms: number;
    readonly healed_ms: number;
  };
  /** States beside the probes, on the trial's clock. */
  readonly lanes?: readonly StateLane[];
  readonly proberLateness_ms_p99: number;
  readonly probes: readonly ProbeSample[];
}

/** One figure of the outages of all valid trials, with an interval that holds their measurement error too. */
export interface OutageFigure {
  readonly name: 'median' | 'p50' | 'p95';
  readonly value_s: number;
  readonly interval_s: Interval;
  readonly method: 'bootstrap' | 'order statistics';
}

/** What the trials of an experiment show together, and how far that goes. */
export interface ExperimentStatistics {
  /** Of every interval, 0–1. */
  readonly confidence: number;
  readonly valid: number;
  /** Valid trials that kept the limit for certain; absent without a limit. */
  readonly kept?: number;
  /** Exact interval (Clopper–Pearson) of the share of trials that keep the limit, 0–1. */
  readonly passRate?: { readonly lower: number; readonly upper: number };
  /** Empty when nobody saw an outage, or when there is a single trial. */
  readonly outage: readonly OutageFigure[];
  /** The strongest statement that so many trials allow. */
  readonly statement: string;
}

/** `sabotage` must not conform, `no-fault` must. */
export type ExperimentControl = 'sabotage' | 'no-fault';
/** Takes processor time from the gateway, which must break its promises, or from the generator, whose figures must not count then. */
export type ScenarioControl = 'starved-gateway' | 'starved-generator';
export type ControlKind = ExperimentControl | ScenarioControl;

export interface ExperimentResult {
  readonly name: string;
  readonly title: string;
  readonly hypothesis: string;
  /** Set-up in words for the report: fault, blast radius, probes, bound of recovery. */
  readonly setup?: readonly { readonly name: string; readonly text: string }[];
  readonly verifies: readonly string[];
  readonly verdict: Verdict;
  readonly observed: string;
  readonly reason?: string;
  readonly limit_s: number | null;
  readonly predicted?: {
    readonly range_s: readonly [number, number];
    readonly formula: string;
    readonly settings: string;
    /** What the range is of, when it is not of the outage that the trials give the bounds of. */
    readonly quantity?: string;
    /** False when a trial lies outside the range by more than the width of its own bounds. Changes no verdict. */
    readonly agrees?: boolean;
    /** The comparison in words. */
    readonly comparison?: string;
  };
  readonly statistics?: ExperimentStatistics;
  /** Set when this is no measurement of the promise but a control. */
  readonly control?: ExperimentControl;
  readonly trials: readonly Trial[];
  readonly rollbacks: { readonly done: number; readonly failed: number };
  readonly duration_ms: number;
  readonly reproduce: string;
}

/** One second of a load, warm-up included. */
export interface LoadBucket {
  readonly at_s: number;
  readonly offered: number;
  readonly achieved: number;
  readonly dropped: number;
  readonly errors: number;
  /** Latency from the intended start of the requests of this second; absent when nothing came of them. */
  readonly p50_ms?: number;
  readonly p95_ms?: number;
  readonly p99_ms?: number;
  /** Answered requests by that latency, as bin, count, bin, count, …; see `HEAT_BINS_PER_DECADE`. */
  readonly heat?: readonly number[];
  /** Failed and refused requests by kind; absent when there were none. */
  readonly endings?: Readonly<Record<string, number>>;
}

/** Bin b of a `heat` holds latencies from 10^(b / 12) to 10^((b + 1) / 12) µs. */
export const HEAT_BINS_PER_DECADE = 12;

/**
 * Requests of the measured step that ended alike: how a cache had its part in an answer
 * (`upstream` when the answer names no cache state, `answered` when the tool shows no headers),
 * `limited`, or why a request failed.
 */
export interface RequestKind {
  readonly outcome: 'answered' | 'refused' | 'failed';
  readonly kind: string;
  readonly requests: number;
  /** From the intended start, of answered requests. */
  readonly p50_ms?: number;
  readonly p95_ms?: number;
  readonly p99_ms?: number;
}

/** `value_ms` at `percentile` (0–100), as read from an HDR histogram. */
export interface PercentilePoint {
  readonly percentile: number;
  readonly value_ms: number;
}

/** What became of the requests of one stage; latencies count from the intended start. */
export interface ScenarioStage {
  readonly name: string;
  readonly start_s: number;
  readonly duration_s: number;
  /** Requests a second that were meant. */
  readonly rate_perS: number;
  readonly answered: number;
  readonly refused: number;
  /** Those that were due while all users waited for the gateway among them. */
  readonly failed: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
}

export interface ScenarioPromise {
  readonly claim: string;
  readonly percentile: number;
  readonly limit_ms: number;
  readonly measured_ms: number;
  readonly interval_ms: Interval;
  readonly verdict: Verdict;
  /** Why the percentile decides nothing. */
  readonly reason?: string;
}

/** A promised figure of a load that is no percentile of its latency. */
export interface ScenarioFigure {
  readonly claim: string;
  /** What was measured, as a reader would say it. */
  readonly what: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly limit: number;
  readonly measured: number;
  readonly interval: Interval;
  readonly verdict: Verdict;
  /** Why the figure decides nothing. */
  readonly reason?: string;
}

export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  readonly verifies: readonly string[];
  readonly engine: string;
  readonly verdict: Verdict;
  readonly observed: string;
  readonly reason?: string;
  /** Set when this is no measurement of the promises but a control. */
  readonly control?: ScenarioControl;
  readonly clientAddresses: number;
  readonly warmup_s: number;
  /** What the percentiles are of; latency when absent. */
  readonly measures?: 'latency' | 'overhead';
  /** Where latencies count from, those called corrected too; the intended start when absent. */
  readonly latencyFrom?: 'send';
  readonly buckets: readonly LoadBucket[];
  readonly kinds?: readonly RequestKind[];
  /** What decides: latency from the intended start, or overhead. `actual` is latency as the tool saw it, empty for overhead. */
  readonly corrected: readonly PercentilePoint[];
  readonly actual: readonly PercentilePoint[];
  /** Part of the latency that backends asked for, by their own report. */
  readonly backend?: readonly PercentilePoint[];
  /** Of a load with several stages, whose latencies are never blended: `corrected` and `actual` are empty then. */
  readonly stages?: readonly ScenarioStage[];
  readonly promises: readonly ScenarioPromise[];
  readonly figures?: readonly ScenarioFigure[];
  readonly validity: readonly { readonly rule: string; readonly holds: boolean; readonly seen: string }[];
  readonly resources: readonly ContainerResources[];
  /** Absent where system and generator have no cores of their own, or nobody could read them. */
  readonly cores?: readonly CoreResources[];
  readonly duration_ms: number;
  readonly reproduce: string;
}

/** One load step of a capacity search. */
export interface CapacityStep {
  readonly phase: 'growth' | 'bisection' | 'confirmation';
  readonly rate_perS: number;
  readonly achieved_perS: number;
  /** Whether the objective held. `invalid`: the generator could not offer this rate; `disturbed`: other programs may have broken it. */
  readonly verdict: 'holds' | 'breaks' | 'unclear' | 'invalid' | 'disturbed';
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  /** Failed requests, and those that never found a free user, as a share of those that were due; 0–1. */
  readonly errorShare: number;
  /** Mean processor use of each container, in cores. */
  readonly cpu_cores: Readonly<Record<string, number>>;
  /** Of all work on the cores of each side; that of the generator is absent where it has no cores of its own. */
  readonly cores?: { readonly system: CoreUse; readonly generator?: CoreUse };
  /** Failed requests by kind, and those that were never sent; absent when there were none. */
  readonly failures?: Readonly<Record<string, number>>;
  /** What kept the generator from it, or why nothing can be told. */
  readonly reason?: string;
}

/** The highest rate that a system carries within its objective, as an interval. */
export interface CapacityResult {
  /** Scenario whose mix of requests was offered. */
  readonly scenario: string;
  readonly title: string;
  /** Set when instances were left idle on purpose. */
  readonly replicas?: Replicas;
  /** The objective in words. */
  readonly objective: string;
  /** Highest rate below the upper end that held more often than not; null when none did. */
  readonly lower_perS: number | null;
  /** Lowest rate that more often did not; null when the search ended for another reason first. */
  readonly upper_perS: number | null;
  /** Why the search ended. */
  readonly ended:
    | 'narrow enough'
    | 'as narrow as whole rates allow'
    | 'budget spent'
    | 'generator at its end'
    | 'machine disturbed'
    | 'highest rate holds'
    | 'lowest rate breaks'
    | 'interrupted';
  readonly steps: readonly CapacityStep[];
  /** What ran out at the upper end, with the figures that show it. */
  readonly ranOut: string;
  /** Requests a second for each core that gateway and applications used at the lower end; null when unknown. */
  readonly perGatewayCore: number | null;
  readonly perUpstreamCore: number | null;
  readonly clientAddresses: number;
  readonly duration_ms: number;
  readonly reproduce: string;
}
