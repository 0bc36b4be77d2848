/** What an experiment declares. One file an experiment; found by glob. */
import type { Evidence, ExperimentResult, Profile, StateLane, Trial, Verdict } from '../../reports/record/types.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { SeriesConfig } from '../prober/protocol.ts';
import type { Fault } from './fault.ts';
import type { Settings } from './settings.ts';
import type { ChaosTarget } from './target.ts';

/** What holds without a fault, checked before and after it. */
export interface SteadyStateHypothesis {
  /** Smallest share of answered probes, 0–1. */
  readonly availability_min: number;
  readonly latency_ms_p95_max: number;
  /**
   * Instances that all have to answer before the fault: after an earlier one, the gateway may
   * still leave some alone, and the fault would then meet the only one that is left.
   */
  readonly answering?: readonly string[];
}

/** Eyes and hands of an experiment while a trial runs. Times are ms on the trial's clock. */
export interface TrialWatch {
  readonly target: ChaosTarget;
  readonly signal: AbortSignal;
  now_ms(): number;
  /** Wall clock at an instant of the trial, ms since the epoch. */
  wall_ms(at_ms: number): number;
  /** When the first fault was injected; 0 before that. */
  readonly injected_ms: number;
  /** Probes of a series that have ended so far; of the deciding one when none is named. */
  probes(series?: string): readonly SessionProbe[];
  /** Puts a line into the trial's timeline, at an instant of the past when it is given. */
  note(source: string, what: string, at_ms?: number): void;
  /** Arms, injects and proves one more fault; undone with the others, or by `revert`. */
  inject(fault: Fault): Promise<void>;
  /** Undoes one fault before its time and proves its removal. */
  revert(fault: Fault): Promise<void>;
}

/** A finished trial with everything that was seen. */
export interface TrialData {
  readonly trial: Trial;
  /** Probes of the deciding series. */
  readonly probes: readonly SessionProbe[];
  /** Probes of every series, by name. */
  readonly series: Readonly<Record<string, readonly SessionProbe[]>>;
  /** Probes of the deciding series in the steady state before the fault. */
  readonly before: readonly SessionProbe[];
  /** What the experiment collected after the trial (log lines, counters), by name. */
  readonly collected: Readonly<Record<string, readonly string[]>>;
  /** The trial went as it should, and the prober did not: it says nothing, and another one may stand in for it. */
  readonly instrumentUnsound: boolean;
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

/** What was seen beside the probes, and when; lanes are drawn under the probes. */
export interface Collected {
  readonly texts: Readonly<Record<string, readonly string[]>>;
  readonly lanes?: readonly StateLane[];
  readonly events?: readonly { readonly at_ms: number; readonly source: string; readonly what: string }[];
}

/** What `collect` knows of the trial. */
export interface TrialWindow {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly wallFrom_ms: number;
  readonly wallTo_ms: number;
  /** An instant of the wall clock (ms since the epoch) on the trial's clock. */
  at_ms(wall_ms: number): number;
}

/** What the settings let expect, drawn beside the trials. */
export interface Prediction extends Omit<NonNullable<ExperimentResult['predicted']>, 'agrees' | 'comparison'> {
  /** Bounds of `quantity` in a trial, s; null when the trial does not show it. The outage when absent. */
  readonly seen_s?: (one: TrialData) => readonly [number, number] | null;
}

export interface Experiment {
  readonly title: string;
  readonly hypothesis: string;
  /** Claims that `judge` decides, the one that the experiment is about first. */
  readonly verifies: readonly string[];
  readonly steadyState: SteadyStateHypothesis;
  /** Series of probes; the first one decides. */
  series(target: ChaosTarget): readonly SeriesConfig[];
  /** Where probes start: clients' side when absent, or among the backends, where instances are reached directly. */
  readonly probesFrom?: 'vantage' | 'inspector';
  /** Injected one after the other. Empty only when `observe` injects by itself. */
  readonly method: readonly Fault[];
  /** Services that may suffer; all others must run before and after. */
  readonly blastRadius: readonly string[];
  /** Promised limit on the outage; 0 means no failed request, null that no outage is promised about. */
  readonly limit_s: number | null;
  readonly trials: Readonly<Record<Profile, number>>;
  /** How long a trial takes, s, for the estimate of a run; half a minute when absent. */
  readonly trial_s?: number;
  /** Short and central enough for `verify` in the smoke profile; all others run with `chaos`, and with `verify` from nightly on. */
  readonly inSmokeVerify?: boolean;
  /** Why this machine or topology cannot show it; null when it can. Its claims are not applicable then. */
  preflight?(target: ChaosTarget): Promise<string | null>;
  /** Faults that prepare the stage (routes through a proxy, other settings): in before the steady state, undone last. */
  readonly stage?: readonly Fault[];
  /** Starts what watches beside the probes; after the stage is set, before the steady state. */
  prepare?(target: ChaosTarget): Promise<void>;
  /**
   * A configuration that must turn the verdict of the first claim: injected before the steady state
   * of a control run. A text where there can be none: it says why.
   */
  readonly sabotage: readonly Fault[] | string;
  /** Period of the slowest timer that the fault meets, s: trials inject at a random part of it. 1 when absent. */
  readonly phasePeriod_s?: number;
  /** Returns at the moment at which the fault costs most; smoke trials wait for it. Bounded by itself. */
  worstPhase?(target: ChaosTarget): Promise<void>;
  /** How long the fault stays in: returns when enough was seen. Bounded by itself. */
  observe(watch: TrialWatch): Promise<void>;
  /** What to wait for after the removal, before the steady state is checked again. Bounded by itself. */
  recover(watch: TrialWatch): Promise<void>;
  /** Something that must not be: told every quarter of a second while the fault is in; a text aborts the trial. */
  stopCondition?(watch: TrialWatch): string | null;
  collect?(target: ChaosTarget, window: TrialWindow): Promise<Collected>;
  predict?(settings: Settings): Prediction;
  judge(trials: readonly TrialData[], settings: Settings): readonly ClaimJudgement[];
}

/** Declares an experiment. @throws RangeError when it verifies nothing or acts outside its blast radius */
export function experiment(declared: Experiment): Experiment {
  if (declared.verifies.length === 0) throw new RangeError(`experiment "${declared.title}" verifies no claim`);
  if (declared.sabotage.length === 0)
    throw new RangeError(`experiment "${declared.title}" has no sabotage and does not say why`);
  for (const fault of [...declared.method, ...sabotageOf(declared), ...(declared.stage ?? [])])
    requireInside(declared, fault);
  return declared;
}

/** The faults of the negative control; none where the experiment says why there can be none. */
export function sabotageOf({ sabotage }: Pick<Experiment, 'sabotage'>): readonly Fault[] {
  return typeof sabotage === 'string' ? [] : sabotage;
}

/** @throws RangeError when the fault acts outside the experiment's blast radius */
export function requireInside({ title, blastRadius }: Pick<Experiment, 'title' | 'blastRadius'>, fault: Fault): void {
  const outside = fault.services.filter((name) => !blastRadius.includes(name));
  if (outside.length > 0)
    throw new RangeError(`${fault.name} of "${title}" acts outside the blast radius: ${outside.join(', ')}`);
}
