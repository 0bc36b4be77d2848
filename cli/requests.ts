/** What the command line asks of the commands that start containers: plain, checked data. */
import type { Objective } from '../scenarios/capacity/objective.ts';
import type { ExperimentControl, Profile, ScenarioControl, VariantName } from '../reports/record/types.ts';

/** Common to everything that leaves a run. */
export interface MeasureRequest {
  readonly variants: readonly VariantName[];
  readonly profile: Profile;
  readonly seed: number;
  /** Folder for runs instead of `reports/runs`. */
  readonly out: string | undefined;
  /** Role → image reference of the user's own. */
  readonly images: Readonly<Record<string, string>>;
  /** The command as it was typed, for the record. */
  readonly command: string;
  /** Print the record's summary as JSON instead of text. */
  readonly json: boolean;
}

/** `gateproof verify` */
export interface VerifyRequest extends MeasureRequest {
  /** At least one; all of them exist. */
  readonly environments: readonly string[];
  /** Globs over claim ids; empty selects everything that the profile plans. */
  readonly only: readonly string[];
  /** Only what did not conform in the latest run. */
  readonly failed: boolean;
}

/** `gateproof chaos` */
export interface ChaosRequest extends MeasureRequest {
  readonly environment: string;
  /** Names; empty for all experiments of the environment. */
  readonly experiments: readonly string[];
  /** Undefined: as many as the experiment plans for the profile. */
  readonly trials: number | undefined;
  /** A negative control in place of each experiment. */
  readonly control: ExperimentControl | undefined;
  /** Show on the terminal what happens at each moment. */
  readonly watch: boolean;
}

/** `gateproof load` */
export interface LoadRequest extends MeasureRequest {
  readonly environment: string;
  readonly scenario: string;
  /** Generator containers that share the load. */
  readonly generators: number;
  /** Generators also write their samples to the topology's Prometheus. */
  readonly remoteWrite: boolean;
  /** A negative control in place of the measurement. */
  readonly control: ScenarioControl | undefined;
  /** Measured in turn with the variant, and compared with it. */
  readonly against: Against | undefined;
}

/** What a load is compared with: another variant, or a folder with a configuration in the place of the variant's. */
export interface Against {
  readonly variant: VariantName;
  /** As it was given. */
  readonly configuration: string | undefined;
  readonly pairs: number;
  readonly minimumEffect: number;
}

/** `gateproof capacity` */
export interface CapacityRequest extends MeasureRequest {
  readonly environment: string;
  /** Whose requests are offered. */
  readonly scenario: string;
  readonly objective: Objective;
  /** Load steps that may be spent in each search. */
  readonly steps: number;
  /** Client addresses at least. */
  readonly addresses_min: number;
  /** Numbers of instances to search with; empty for one search with all. */
  readonly replicas: readonly number[];
}

/** `gateproof up` */
export interface UpRequest {
  readonly environment: string;
  readonly variant: VariantName;
  readonly images: Readonly<Record<string, string>>;
  readonly json: boolean;
}

/** `gateproof down` */
export interface DownRequest {
  /** Undefined: the one that `up` started. */
  readonly environment: string | undefined;
  /** Also what killed runs left behind. */
  readonly all: boolean;
}

/** `gateproof status` */
export interface StatusRequest {
  readonly environment: string | undefined;
  /** Folder of runs instead of `reports/runs`. */
  readonly out: string | undefined;
  readonly json: boolean;
}

/** `gateproof calibrate` */
export interface CalibrateRequest {
  /** Also what the load engines cost. */
  readonly throughput: boolean;
  readonly json: boolean;
}
