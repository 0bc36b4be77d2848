/**
 * The run record, schema `gateproof.run/1`: the one file that a run leaves for
 * every report. This folder imports nothing; everything else may import it.
 * Units stand last in names (`duration_ms`, `outage_s`).
 */

import type { CapacityResult, ExperimentResult, Interval, ScenarioResult } from './dynamics.ts';
import type { ScalingResult } from './scaling.ts';

export type {
  CapacityResult,
  CapacityStep,
  Interval,
  ProbeSample,
  TimelineEvent,
  StateLane,
  Trial,
  OutageFigure,
  ExperimentStatistics,
  ExperimentControl,
  ExperimentResult,
  LoadBucket,
  PercentilePoint,
  RequestKind,
  ScenarioControl,
  ScenarioFigure,
  ScenarioPromise,
  ScenarioStage,
  ScenarioResult,
} from './dynamics.ts';
export { HEAT_BINS_PER_DECADE } from './dynamics.ts';
export type { ContainerResources, CoreResources, CoreUse, Curve } from './resources.ts';

export type { Estimate, Replicas, ScalingLaw, ScalingPoint, ScalingResult } from './scaling.ts';

export const SCHEMA_ID = 'gateproof.run/1';

/** What was found out about one claim; the order of severity is in `merge.ts`. */
export type Verdict = 'conforms' | 'deviates' | 'inconclusive' | 'not-applicable' | 'error' | 'not-run';

/** How the gate treats a verdict that is not `conforms`. */
export type Disposition = 'new' | 'known' | 'waived' | 'fixed';

export type ClaimLevel = 'must' | 'should' | 'target';
export type ClaimKind = 'conformance' | 'static' | 'chaos' | 'load' | 'drill';
export type VariantName = 'documented' | 'hardened';
export type Profile = 'smoke' | 'nightly' | 'prerelease';

/** What was seen. All texts are hostile input for a renderer: escape, never interpret. */
export type Evidence =
  | { readonly kind: 'exchange'; readonly title: string; readonly request: string; readonly response: string }
  | { readonly kind: 'log'; readonly title: string; readonly lines: readonly string[] }
  | { readonly kind: 'config'; readonly title: string; readonly text: string }
  | {
      readonly kind: 'table';
      readonly title: string;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly (string | number)[])[];
    }
  | {
      /** Points of one or more lines over a common x axis. */
      readonly kind: 'series';
      readonly title: string;
      readonly xUnit: string;
      readonly yUnit: string;
      readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
    };

/** Where a document says it: heading and line numbers (1-based, inclusive). */
export interface SourceRef {
  readonly section: string;
  readonly lines: readonly [number, number];
  readonly also?: readonly (readonly [number, number])[];
}

/** A change of the hardened variant, named, with the claims it mends. */
export interface Remedy {
  readonly id: string;
  readonly title: string;
  readonly mends: readonly string[];
  /** Two to four lines of unified diff, without file headers. */
  readonly diff: string;
  readonly file: string;
}

/** A change that the documented configuration needs to start at all. */
export interface Adaptation {
  readonly id: string;
  readonly what: string;
  readonly why: string;
  readonly needsPlus: boolean;
}

/** The mutant that proves that a check can turn. */
export interface Control {
  readonly mutant: string;
  readonly verdict: Verdict;
}

/** One deviation told as a story: what was sent, what came back, why. */
export interface Story {
  readonly title: string;
  readonly steps: readonly string[];
}

/** Two places of a document that cannot both hold, and which of them was measured. */
export interface Contradiction {
  readonly about: string;
  readonly readings: readonly { readonly says: string; readonly where: string; readonly agrees: boolean }[];
}

/** A deviation that somebody answers for until a day (ISO 8601 date). */
export interface Waiver {
  readonly reason: string;
  readonly owner: string;
  readonly expires: string;
}

export interface ClaimResult {
  readonly id: string;
  readonly statement: string;
  readonly level: ClaimLevel;
  readonly kind: ClaimKind;
  readonly topic: string;
  readonly source: SourceRef;
  readonly verdict: Verdict;
  readonly expected: string;
  readonly observed: string;
  /** Mechanism of a deviation, cause of an inconclusive result, reason of a not-applicable one. */
  readonly reason?: string;
  /** What would mend a deviation, from the baseline or from the remedy that mends the claim. */
  readonly remedy?: string;
  readonly needsPlus?: boolean;
  /** Id of the claim whose reading was kept instead of this one. */
  readonly contradicts?: string;
  /** Both readings, when the document says two things about this claim. */
  readonly contradiction?: Contradiction;
  /** Present on the deviation that a report tells first. */
  readonly story?: Story;
  readonly waiver?: Waiver;
  readonly evidence: readonly Evidence[];
  readonly disposition?: Disposition;
  readonly duration_ms: number;
  /** Shell command that repeats this one measurement. */
  readonly reproduce: string;
  readonly controls?: readonly Control[];
}

export interface CalibrationResult {
  readonly instrument: string;
  readonly truth: number;
  readonly measured: number;
  readonly tolerance: number;
  readonly unit: string;
  readonly holds: boolean;
}

export interface VariantResult {
  readonly name: VariantName;
  readonly adaptations: readonly Adaptation[];
  readonly remedies: readonly Remedy[];
  readonly claims: readonly ClaimResult[];
  readonly experiments: readonly ExperimentResult[];
  readonly scenarios: readonly ScenarioResult[];
  readonly capacities?: readonly CapacityResult[];
  readonly scalings?: readonly ScalingResult[];
  /** Documented address or name → the one it has in this run. */
  readonly addressMap: Readonly<Record<string, string>>;
  readonly started_ms: number;
}

export interface Counts {
  readonly conforms: number;
  readonly deviates: number;
  readonly inconclusive: number;
  readonly notApplicable: number;
  readonly error: number;
  readonly notRun: number;
  readonly total: number;
}

/** Why the run ends with its exit code. */
export interface Gate {
  readonly exitCode: 0 | 1 | 2 | 3;
  readonly holds: boolean;
  readonly sentence: string;
  readonly newDeviations: readonly string[];
  readonly knownDeviations: readonly string[];
  readonly waived: readonly string[];
  readonly vanished: readonly string[];
  readonly warnings: readonly string[];
}

export interface RunInfo {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly environment: string;
  readonly document: { readonly title: string; readonly sha256?: string };
  readonly profile: Profile;
  readonly seed: number;
  readonly revision: string;
  readonly command: string;
  readonly selection: string | null;
  /** Of the user's own, measured in the place of the variant's: the folder as it was given, and the hash of its files. */
  readonly configuration?: { readonly path: string; readonly sha256: string };
  /** Load of each scenario that was planned; old records do not tell. */
  readonly loads?: Readonly<
    Record<string, { readonly rate_perS: number; readonly warmup_s: number; readonly measured_s: number }>
  >;
  readonly host: {
    readonly cores: number;
    readonly memory_gib: number;
    readonly kernel: string;
    readonly docker: string;
    readonly cgroup: string;
    readonly arch: string;
    readonly pinning: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  /** Images in use by role, with `replaced: true` for the user's own. */
  readonly images: readonly {
    readonly role: string;
    readonly reference: string;
    readonly id: string;
    readonly replaced: boolean;
  }[];
  readonly partial: boolean;
  readonly partialReason?: string;
}

/** Something that the run said about itself: warnings of the harness, merged results. */
export interface Note {
  readonly at: string;
  readonly level: 'info' | 'warning' | 'error';
  readonly text: string;
}

/** One figure over earlier runs on hosts of one fingerprint, oldest first, this run last. */
export interface HistoryRow {
  readonly figure: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly difference: string;
  readonly interval: string;
  /** Range of the quiet runs. */
  readonly band?: Interval;
  /** Index of the first run after the change, and what is known about it. */
  readonly changePoint?: { readonly index: number; readonly note: string };
}

export interface RunRecord {
  readonly schema: typeof SCHEMA_ID;
  readonly run: RunInfo;
  readonly variants: readonly VariantResult[];
  readonly calibration: readonly CalibrationResult[];
  /** Claims of the document that this profile does not plan, by reason. */
  readonly outside: readonly {
    readonly id: string;
    readonly statement: string;
    readonly topic: string;
    readonly kind: ClaimKind;
    readonly why: string;
  }[];
  readonly summary: {
    readonly byVariant: Readonly<Record<string, Counts>>;
    readonly gate: Gate;
  };
  readonly notes?: readonly Note[];
  readonly history?: readonly HistoryRow[];
  /** Files beside the record: name and size in bytes. */
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}
