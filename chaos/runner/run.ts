/** Runs an experiment: its trials one after the other, at phases drawn from the seed, into one result. */
import type { ExperimentControl, ExperimentResult, Profile, Verdict } from '../../reports/record/types.ts';
import { monotonic_ms } from '../../measurement/clock.ts';
import { seededRandom } from '../../measurement/random.ts';
import type { SeriesConfig } from '../prober/protocol.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { ClaimJudgement, Experiment, TrialData } from './experiment.ts';
import type { TrialDurations } from './durations.ts';
import { comparePrediction } from './prediction.ts';
import { readSettings } from './settings.ts';
import { THROWN_AWAY_LIMIT } from './verdict.ts';
import { setupInWords } from './setup.ts';
import { experimentStatistics } from './statistics.ts';
import type { ChaosTarget } from './target.ts';
import { runTrial } from './trial.ts';
import type { Phase } from './trial.ts';

export interface ExperimentOptions {
  readonly target: ChaosTarget;
  /** Folder of the run; the undo log goes there. */
  readonly runDir: string;
  readonly profile: Profile;
  readonly seed: number;
  /** Overrides the profile's number of trials. */
  readonly trials?: number;
  /** Runs a negative control in place of the experiment itself. */
  readonly control?: ExperimentControl;
  readonly reproduce: string;
  /** Puts the topology where every trial begins. */
  readonly beforeTrial?: (target: ChaosTarget) => Promise<void>;
  readonly onPhase?: (trial: number, phase: Phase) => void;
  readonly onProbes?: (probes: readonly SessionProbe[]) => void;
  readonly durations?: TrialDurations;
  readonly signal?: AbortSignal;
}

export interface ExperimentOutcome {
  readonly experiment: ExperimentResult;
  /** One for each claim that the experiment verifies. */
  readonly claims: readonly ClaimJudgement[];
}

/**
 * Runs all trials and judges them. Failures of a trial make it not valid; a
 * rollback that failed makes the whole result an `error`.
 *
 * @param name file name of the experiment without its ending
 */
export async function runExperiment(
  name: string,
  declared: Experiment,
  options: ExperimentOptions,
): Promise<ExperimentOutcome> {
  const started_ms = monotonic_ms();
  const refused = (await declared.preflight?.(options.target)) ?? withoutControl(declared, options.control);
  const settings = await readSettings(options.target);
  const predicted = refused === null ? declared.predict?.(settings) : undefined;
  const { data, rollbacks, series } = refused === null ? await runTrials(declared, options) : NOTHING;
  const trials = data.map((one) => one.trial);
  const claims = refused === null ? declared.judge(countable(data), settings) : notApplicable(declared, refused);
  const about = claims.find((claim) => claim.claim === declared.verifies[0]);
  if (!about) throw new Error(`experiment ${name} gives no judgement on ${declared.verifies[0] ?? 'any claim'}`);
  const verdict: Verdict = rollbacks.failed > 0 ? 'error' : about.verdict;
  const reason = rollbacks.failed > 0 ? 'a fault could not be undone' : about.reason;
  return {
    experiment: {
      name,
      title: declared.title,
      hypothesis: declared.hypothesis,
      setup: setupInWords(declared, series, trials),
      verifies: declared.verifies,
      verdict,
      observed: about.observed,
      ...(reason === undefined ? {} : { reason }),
      limit_s: declared.limit_s,
      // A control changes what was predicted from the settings.
      ...(predicted ? { predicted: comparePrediction(predicted, options.control ? [] : data) } : {}),
      ...(refused === null ? { statistics: experimentStatistics(trials, declared.limit_s, options.seed) } : {}),
      ...(options.control ? { control: options.control } : {}),
      trials,
      rollbacks,
      duration_ms: Math.round(monotonic_ms() - started_ms),
      reproduce: options.reproduce,
    },
    claims,
  };
}

function withoutControl({ sabotage }: Experiment, control: ExperimentControl | undefined): string | null {
  return control === 'sabotage' && typeof sabotage === 'string' ? `there is no sabotage: ${sabotage}` : null;
}

/**
 * How many of so many trials may be thrown away because the prober was late, and be replaced: 5 %, and one in
 * any case. A trial that failed in another way is never repeated.
 */
function thrownAwayMost(count: number): number {
  return Math.max(1, Math.ceil(count * THROWN_AWAY_LIMIT));
}

/** What is judged: the valid trials when no more were thrown away than were replaced; else all, which then say nothing. */
function countable(data: readonly TrialData[]): readonly TrialData[] {
  const valid = data.filter(({ trial }) => trial.valid);
  const thrown = data.filter(({ trial }) => !trial.valid);
  const replaced = thrown.length <= thrownAwayMost(valid.length) && valid.length > 0;
  return replaced && thrown.every(({ instrumentUnsound }) => instrumentUnsound) ? valid : data;
}

interface AllTrials {
  readonly data: readonly TrialData[];
  readonly rollbacks: ExperimentResult['rollbacks'];
  readonly series: readonly SeriesConfig[];
}

const NOTHING: AllTrials = { data: [], rollbacks: { done: 0, failed: 0 }, series: [] };

async function runTrials(declared: Experiment, options: ExperimentOptions): Promise<AllTrials> {
  const { target, runDir, profile, control, durations, beforeTrial, onPhase, onProbes, signal } = options;
  const random = seededRandom(options.seed);
  const data: TrialData[] = [];
  const rollbacks = { done: 0, failed: 0 };
  let series: readonly SeriesConfig[] = [];
  const count = options.trials ?? declared.trials[profile];
  // One trial must repeat its verdict, so it meets the timers at their worst; several meet them at random.
  const worst = count === 1 && declared.worstPhase !== undefined;
  let standIns = 0;
  for (let trial = 0; trial < count + standIns && rollbacks.failed === 0; trial += 1) {
    const ended = await runTrial(declared, {
      target,
      runDir,
      phase_s: worst ? 'worst' : random() * (declared.phasePeriod_s ?? 1),
      ...(control ? { control } : {}),
      ...(beforeTrial ? { beforeTrial } : {}),
      ...(onPhase ? { onPhase: (phase: Phase) => onPhase(trial + 1, phase) } : {}),
      ...(onProbes ? { onProbes } : {}),
      ...(durations ? { durations } : {}),
      ...(signal ? { signal } : {}),
    });
    data.push(ended.data);
    series = ended.series;
    rollbacks.done += ended.rollbacks.done;
    rollbacks.failed += ended.rollbacks.failed;
    if (signal?.aborted) break;
    if (ended.data.instrumentUnsound && standIns < thrownAwayMost(count)) standIns += 1;
  }
  return { data, rollbacks, series };
}

function notApplicable({ verifies, hypothesis }: Experiment, why: string): ClaimJudgement[] {
  return verifies.map((claim) => ({
    claim,
    verdict: 'not-applicable',
    expected: hypothesis,
    observed: 'not run',
    reason: why,
    evidence: [],
  }));
}
