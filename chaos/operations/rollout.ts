/**
 * Rolls a release out instance by instance with open-source parts: out of the pool,
 * wait for its last request, stop, install, health gate, back by small weights, watched,
 * and back to the version of before when it fails.
 */
import type { TrialWatch } from '../runner/experiment.ts';
import { pause } from '../runner/wait.ts';
import { drainMember, setMember } from './gateway-pool.ts';
import { becomesHealthy, errorsOf, healthOf, install } from './release.ts';
import type { Release } from './release.ts';
import type { Journal } from './journal.ts';
import { readLimits } from './limits.ts';
import type { DeploymentLimits } from './limits.ts';

export interface RolloutPlan {
  /** Instances that get the release. */
  readonly instances: readonly string[];
  readonly release: Release;
  /** The version of before: what a failed release goes back to. */
  readonly previous: Release;
  /** How long each canary weight is watched, ms; documented are 60, 120 and 300 s. */
  readonly canary_ms: number;
  /** How long the instance is watched at its full weight, ms; documented are 300 s. */
  readonly monitor_ms: number;
  /** How long an instance may take to become healthy, ms. */
  readonly gate_ms: number;
}

export type RolloutEnd = 'done' | 'rolled back' | 'stopped';

/** Rolls out in the order on file until it is done, rolled back, or an instance does not become healthy. */
export async function rollOut(watch: TrialWatch, plan: RolloutPlan, journal: Journal): Promise<RolloutEnd> {
  const limits = await readLimits(watch.target);
  for (const { name, weight } of limits.instances.filter((one) => plan.instances.includes(one.name))) {
    watch.signal.throwIfAborted();
    await takeOut(watch, name, limits, journal);
    await replace(watch, name, plan.release, journal);
    if (!(await gate(watch, name, plan, journal))) {
      journal.record(
        watch,
        'stopped',
        name,
        `not healthy within ${plan.gate_ms / 1000} s: stays out, deployment ends with an error`,
      );
      return 'stopped';
    }
    if (!(await raise(watch, name, weight, plan, limits, journal))) {
      await rollBack(watch, name, weight, plan, limits, journal);
      return 'rolled back';
    }
    journal.record(watch, 'deployed', name, `runs ${plan.release.version} with its normal share`);
  }
  journal.record(watch, 'done', 'deployment', 'every instance runs the release');
  return 'done';
}

/** No new requests, and the last one has ended. */
async function takeOut(
  watch: TrialWatch,
  name: string,
  { drain_s }: DeploymentLimits,
  journal: Journal,
): Promise<void> {
  journal.record(watch, 'out', name, 'is taken out of the pool');
  await setMember(watch.target, name, 'down');
  journal.record(watch, 'no-new', name, 'no worker sends it new requests any more');
  const drained = await drainMember(watch.target, name, drain_s);
  journal.record(watch, 'drained', name, drained ? 'its last request has ended' : `still busy after ${drain_s} s`);
}

async function replace(watch: TrialWatch, name: string, release: Release, journal: Journal): Promise<void> {
  journal.record(watch, 'stop', name, `is stopped for ${release.version}`);
  await install(watch.target, name, release, 'restart');
  journal.record(watch, 'started', name, 'was started');
}

async function gate(watch: TrialWatch, name: string, plan: RolloutPlan, journal: Journal): Promise<boolean> {
  const healthy = await becomesHealthy(watch, name, plan.gate_ms);
  if (healthy) journal.record(watch, 'healthy', name, '/health answers 200');
  return healthy;
}

/** Raises the weight step by step, where there are weights; false as soon as the instance gives too many errors. */
async function raise(
  watch: TrialWatch,
  name: string,
  weight: number | null,
  plan: RolloutPlan,
  limits: DeploymentLimits,
  journal: Journal,
): Promise<boolean> {
  const steps = weight === null ? [null] : [...limits.canaryWeights.filter((one) => one < weight), weight];
  for (const step of steps) {
    await putBack(watch, name, step);
    if (step === null) journal.record(watch, 'up', name, 'gets requests again');
    else journal.record(watch, 'weight', name, `has weight ${step}`, step);
    const window_ms = step === weight ? plan.monitor_ms : plan.canary_ms;
    if (!(await wellFor(watch, name, window_ms, limits, journal))) return false;
  }
  return true;
}

const putBack = ({ target }: TrialWatch, name: string, weight: number | null): Promise<void> =>
  setMember(target, name, weight === null ? 'up' : { weight });

/** Watches the errors that an instance counts; false when there are more than the limit. */
async function wellFor(
  watch: TrialWatch,
  name: string,
  window_ms: number,
  limits: DeploymentLimits,
  journal: Journal,
): Promise<boolean> {
  const before = await errorsOf(watch.target, name);
  const from_ms = watch.now_ms();
  await pause(window_ms);
  const errors = (await errorsOf(watch.target, name)) - before;
  const rate_perS = errors / ((watch.now_ms() - from_ms) / 1000);
  journal.record(
    watch,
    'watched',
    name,
    `${errors} errors in ${((watch.now_ms() - from_ms) / 1000).toFixed(1)} s`,
    rate_perS,
  );
  return rate_perS <= limits.errors_perS_max;
}

async function rollBack(
  watch: TrialWatch,
  name: string,
  weight: number | null,
  plan: RolloutPlan,
  limits: DeploymentLimits,
  journal: Journal,
): Promise<void> {
  journal.record(watch, 'too-many-errors', name, `more than ${limits.errors_perS_max} errors a second: rollback`);
  await takeOut(watch, name, limits, journal);
  await replace(watch, name, plan.previous, journal);
  if (!(await gate(watch, name, plan, journal))) return;
  await putBack(watch, name, weight);
  const { version } = await healthOf(watch.target, name);
  journal.record(
    watch,
    version === plan.previous.version ? 'rolled-back' : 'other-version',
    name,
    `runs ${version ?? 'nothing'} with its normal share; the deployment ends with an error`,
  );
}
