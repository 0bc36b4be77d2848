/** What an experiment declares. One file an experiment; found by glob. */
import type { Evidence, ExperimentResult, Profile, Trial, Verdict } from '../../reports/record/types.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { SeriesConfig } from '../prober/protocol.ts';
import type { Fault } from './fault.ts';
import type { GatewaySettings } from './settings.ts';
import type { ChaosTarget } from './target.ts';

/** What holds without a fault, checked before and after it. */
export interface SteadyStateHypothesis {
  /** Smallest share of answered probes, 0–1. */
  readonly availability_min: number;
  readonly latency_ms_p95_max: number;
}

/** Eyes of an experiment while a trial runs. Times are ms on the trial's clock. */
export interface TrialWatch {
  readonly target: ChaosTarget;
  now_ms(): number;
  /** Probes that have ended so far. */
  probes(): readonly SessionProbe[];
  /** Puts a line into the trial's timeline. */
  note(source: string, what: string): void;
}

/** A finished trial with everything that was seen, the reduced probes of the record included. */
export interface TrialData {
  readonly trial: Trial;
  readonly probes: readonly SessionProbe[];
  /** Probes of the steady state before the fault. */
  readonly before: readonly SessionProbe[];
  /** What the experiment collected after the trial (log lines, counters), by name. */
  readonly collected: Readonly<Record<string, readonly string[]>>;
}

/** The verdict on one of the claims that an experiment verifies. */
export interface ClaimJudgement {
  readonly claim: string;
  readonly verdict: Extract<Verdict, 'conforms' | 'deviates' | 'inconclusive' | 'not-applicable'>;
  readonly expected: string;
  readonly observed: string;
  readonly reason?: string;
  /** Only the commercial edition can keep this promise. */
  readonly needsPlus?: boolean;
  readonly evidence: readonly Evidence[];
}

export interface Experiment {
  readonly title: string;
  readonly hypothesis: string;
  /** Claims that `judge` decides, the one that the experiment is about first. */
  readonly verifies: readonly string[];
  readonly steadyState: SteadyStateHypothesis;
  /** The series that decides; one probe each interval. */
  series(target: ChaosTarget): SeriesConfig;
  readonly method: readonly Fault[];
  /** Services that may suffer; all others must run before and after. */
  readonly blastRadius: readonly string[];
  /** Promised limit on the outage; 0 means no failed request, null that no outage is promised about. */
  readonly limit_s: number | null;
  readonly trials: Readonly<Record<Profile, number>>;
  /** How long the fault stays in: returns when enough was seen. Bounded by itself. */
  observe(watch: TrialWatch): Promise<void>;
  /** What to wait for after the removal, before the steady state is checked again. Bounded by itself. */
  recover(watch: TrialWatch): Promise<void>;
  collect?(
    target: ChaosTarget,
    window: { readonly wallFrom_ms: number; readonly wallTo_ms: number },
  ): Promise<TrialData['collected']>;
  predict?(settings: GatewaySettings): NonNullable<ExperimentResult['predicted']>;
  judge(trials: readonly TrialData[]): readonly ClaimJudgement[];
}

/** Declares an experiment. @throws RangeError when it verifies nothing or breaks nothing */
export function experiment(declared: Experiment): Experiment {
  if (declared.verifies.length === 0) throw new RangeError(`experiment "${declared.title}" verifies no claim`);
  if (declared.method.length === 0) throw new RangeError(`experiment "${declared.title}" has no fault`);
  const outside = declared.method
    .flatMap((fault) => fault.services)
    .filter((name) => !declared.blastRadius.includes(name));
  if (outside.length > 0)
    throw new RangeError(`faults of "${declared.title}" act outside the blast radius: ${outside.join(', ')}`);
  return declared;
}
