import type { KnownOfClaim } from '../../conformance/verify.ts';
import type { TopologyDescriptor } from '../../environments/harness/types.ts';
import type { GivenUp } from '../../environments/harness/variant.ts';
import type { Claim } from '../../environments/ledger/ledger.ts';
import type { ExperimentControl, Profile, ScenarioControl } from '../../reports/record/types.ts';
import type { Progress } from './progress.ts';
import type { RunFolder } from './run-folder.ts';
import type { Watch } from './watch.ts';

/** Negative controls that a run measures in place of each experiment and each scenario. */
export interface Controls {
  readonly experiments?: ExperimentControl | undefined;
  readonly scenarios?: ScenarioControl | undefined;
}

/** One variant of a run while it is being measured: what cases, experiments and scenarios share. */
export interface Measuring {
  readonly topology: TopologyDescriptor;
  readonly folder: RunFolder;
  readonly profile: Profile;
  readonly seed: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Negative controls in place of what is measured. */
  readonly controls: Controls;
  /** Generators also write their samples to Prometheus. */
  readonly remoteWrite: boolean;
  /** Follows experiments on the terminal. */
  readonly watch: Watch | undefined;
  readonly claims: ReadonlyMap<string, Claim>;
  readonly givenUp: ReadonlyMap<string, GivenUp>;
  /** What is known of claims in this variant before they are measured, by claim. */
  readonly known: Readonly<Record<string, KnownOfClaim>>;
}
