import { basename } from 'node:path';
import type { ChaosTarget } from '../../chaos/runner/target.ts';
import { startWatchdog } from '../../chaos/runner/watchdog.ts';
import { runExperiment } from '../../chaos/runner/run.ts';
import { firstNodeHolds } from '../../chaos/stages/first-holder.ts';
import type { ClaimJudgement } from '../../chaos/runner/experiment.ts';
import type { ExperimentResult } from '../../reports/record/types.ts';
import { claimResult } from '../../conformance/verify.ts';
import { notApplicable } from '../../conformance/outcome.ts';
import { chaosTarget } from './chaos-target.ts';
import type { Measuring } from './measuring.ts';
import type { PlannedExperiment } from './plan.ts';
import { commandLine, unless } from './reproduce.ts';

/** No fault of an experiment is meant to be in for longer. */
const FAULT_LIMIT_S = 300;

/** Runs the planned experiments one after the other; each gets the whole machine. */
export async function runExperiments(planned: readonly PlannedExperiment[], run: Measuring): Promise<void> {
  if (planned.length === 0) return;
  const target = await chaosTarget(run.topology);
  const watchdog = startWatchdog({
    runDir: run.folder.dir,
    runId: run.topology.runId,
    toolImage: run.topology.imageIds['gateway'] ?? '',
    limit_s: FAULT_LIMIT_S,
  });
  try {
    for (const one of planned) {
      if (run.signal.aborted) return;
      watchdog.requireAlive();
      await runOne(one, target, run);
    }
  } finally {
    run.watch?.end();
    watchdog.stop();
  }
}

async function runOne(
  { name, file, experiment, trials }: PlannedExperiment,
  target: ChaosTarget,
  run: Measuring,
): Promise<void> {
  run.progress.phase(`${run.topology.variant}: experiment ${name}`);
  const began = performance.now();
  const { title, steadyState } = experiment;
  const planned = trials ?? experiment.trials[run.profile];
  run.watch?.begin({ title, trials: planned, hypothesis: steadyState, faultLimit_s: FAULT_LIMIT_S });
  const { experiment: result, claims } = await runExperiment(name, experiment, {
    target,
    runDir: run.folder.dir,
    profile: run.profile,
    seed: run.seed,
    ...(trials === undefined ? {} : { trials }),
    ...(run.controls.experiments ? { control: run.controls.experiments } : {}),
    reproduce: commandLine(['chaos', run.topology.environment, basename(file, '.ts')], {
      variant: run.topology.variant,
      profile: unless('smoke', run.profile),
      trials,
      seed: run.seed,
      control: run.controls.experiments,
    }),
    beforeTrial: firstNodeHolds,
    onProbes: (recent) => {
      run.watch?.probes(recent);
    },
    onPhase: (trial, phase) => {
      run.watch?.phase(trial, phase);
      run.progress.phase(`${run.topology.variant}: experiment ${name}, trial ${String(trial)}: ${phase}`);
    },
    signal: run.signal,
  });
  run.folder.append({
    event: 'experiment',
    at: new Date().toISOString(),
    variant: run.topology.variant,
    experiment: withoutGivenUp(result, run),
  });
  for (const claim of claims) journalClaim(claim, Math.round(performance.now() - began), run);
}

/** An experiment about a promise that the variant gives up for another one shows what happens, and judges nothing. */
function withoutGivenUp(result: ExperimentResult, run: Measuring): ExperimentResult {
  const refused = run.givenUp.get(result.verifies[0] ?? '');
  if (!refused || result.verdict === 'error') return result;
  return { ...result, verdict: 'not-applicable', reason: refused.why };
}

function journalClaim(judged: ClaimJudgement, duration_ms: number, run: Measuring): void {
  const claim = run.claims.get(judged.claim);
  if (!claim) throw new Error(`an experiment judges ${judged.claim}, which the ledger does not have`);
  const refused = run.givenUp.get(judged.claim);
  const outcome = refused ? notApplicable(judged.expected, refused.why, judged.evidence) : judged;
  run.folder.append({
    event: 'claim',
    at: new Date().toISOString(),
    variant: run.topology.variant,
    claim: claimResult(
      claim,
      { outcome, duration_ms },
      { environment: run.topology.environment, ...run.known[judged.claim] },
    ),
  });
}
