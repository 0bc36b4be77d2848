/** Runs an experiment: its trials one after the other, at phases drawn from the seed, into one result. */
import type { ExperimentResult, Profile, Verdict } from '../../reports/record/types.ts';
import { monotonic_ms } from '../../measurement/clock.ts';
import { seededRandom } from '../../measurement/random.ts';
import type { ClaimJudgement, Experiment, TrialData } from './experiment.ts';
import { gatewaySettings } from './settings.ts';
import type { ChaosTarget } from './target.ts';
import { runTrial } from './trial.ts';
import type { Phase, TrialDurations } from './trial.ts';

export interface ExperimentOptions {
  readonly target: ChaosTarget;
  /** Folder of the run; the undo log goes there. */
  readonly runDir: string;
  readonly profile: Profile;
  readonly seed: number;
  /** Overrides the profile's number of trials. */
  readonly trials?: number;
  readonly reproduce: string;
  /** Service whose nginx settings predictions are computed from. */
  readonly gateway?: string;
  readonly onPhase?: (trial: number, phase: Phase) => void;
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
  const random = seededRandom(options.seed);
  const settings = declared.predict && (await gatewaySettings(options.target, options.gateway ?? 'gateway-1'));
  const predicted = settings && declared.predict?.(settings);
  const data: TrialData[] = [];
  const rollbacks = { done: 0, failed: 0 };
  const count = options.trials ?? declared.trials[options.profile];
  for (let trial = 0; trial < count && rollbacks.failed === 0; trial += 1) {
    const { durations, onPhase, signal } = options;
    const ended = await runTrial(declared, {
      target: options.target,
      runDir: options.runDir,
      phase_s: random(),
      ...(onPhase ? { onPhase: (phase: Phase) => onPhase(trial + 1, phase) } : {}),
      ...(durations ? { durations } : {}),
      ...(signal ? { signal } : {}),
    });
    data.push(ended.data);
    rollbacks.done += ended.rollbacks.done;
    rollbacks.failed += ended.rollbacks.failed;
    if (signal?.aborted) break;
  }
  const claims = declared.judge(data);
  const about = claims.find((claim) => claim.claim === declared.verifies[0]);
  if (!about) throw new Error(`experiment ${name} gives no judgement on ${declared.verifies[0] ?? 'any claim'}`);
  const verdict: Verdict = rollbacks.failed > 0 ? 'error' : about.verdict;
  const reason = rollbacks.failed > 0 ? 'a fault could not be undone' : about.reason;
  return {
    experiment: {
      name,
      title: declared.title,
      hypothesis: declared.hypothesis,
      verifies: declared.verifies,
      verdict,
      observed: about.observed,
      ...(reason === undefined ? {} : { reason }),
      limit_s: declared.limit_s,
      ...(predicted ? { predicted } : {}),
      trials: data.map((one) => one.trial),
      rollbacks,
      duration_ms: Math.round(monotonic_ms() - started_ms),
      reproduce: options.reproduce,
    },
    claims,
  };
}
