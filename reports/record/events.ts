/**
 * The journal `events.ndjson`: one JSON object a line, appended as things happen.
 * `record.json` is derived from it, also from the journal of a killed run.
 */
import type {
  Adaptation,
  CalibrationResult,
  CapacityResult,
  ClaimResult,
  ExperimentResult,
  Remedy,
  RunInfo,
  ScalingResult,
  ScenarioResult,
  VariantName,
} from './types.ts';

/** The part of a claim that is known before it is measured. */
export type CatalogueEntry = Pick<ClaimResult, 'id' | 'statement' | 'level' | 'kind' | 'topic' | 'source'>;

export type JournalEvent =
  | {
      readonly event: 'run-started';
      readonly at: string;
      readonly run: Omit<RunInfo, 'finishedAt' | 'partial' | 'partialReason'>;
      readonly variants: readonly VariantName[];
      /** Claims planned for this profile: what makes a run partial when it is missing. */
      readonly planned: readonly string[];
      /** What the planned claims say, so that a killed run can name what it did not reach. */
      readonly catalogue?: readonly CatalogueEntry[];
      readonly outside: readonly {
        readonly id: string;
        readonly statement: string;
        readonly topic: string;
        readonly kind: ClaimResult['kind'];
        readonly why: string;
      }[];
    }
  | {
      readonly event: 'variant-started';
      readonly at: string;
      readonly variant: VariantName;
      readonly adaptations: readonly Adaptation[];
      readonly remedies: readonly Remedy[];
      readonly addressMap: Readonly<Record<string, string>>;
      readonly started_ms: number;
    }
  | { readonly event: 'claim'; readonly at: string; readonly variant: VariantName; readonly claim: ClaimResult }
  | {
      readonly event: 'experiment';
      readonly at: string;
      readonly variant: VariantName;
      readonly experiment: ExperimentResult;
    }
  | {
      readonly event: 'scenario';
      readonly at: string;
      readonly variant: VariantName;
      readonly scenario: ScenarioResult;
    }
  | {
      readonly event: 'capacity';
      readonly at: string;
      readonly variant: VariantName;
      readonly capacity: CapacityResult;
    }
  | {
      readonly event: 'scaling';
      readonly at: string;
      readonly variant: VariantName;
      readonly scaling: ScalingResult;
    }
  | { readonly event: 'calibration'; readonly at: string; readonly calibration: CalibrationResult }
  | { readonly event: 'note'; readonly at: string; readonly level: 'info' | 'warning' | 'error'; readonly text: string }
  | { readonly event: 'variant-finished'; readonly at: string; readonly variant: VariantName }
  | { readonly event: 'run-finished'; readonly at: string; readonly interrupted: boolean; readonly reason?: string };
