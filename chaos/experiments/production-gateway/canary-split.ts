/**
 * An instance with a new version gets a small share of the admin pool's traffic that is
 * raised in steps. By the upstream file and a reload every edition of nginx can do it;
 * the calls of the document's script change nothing.
 */
import type { Evidence } from '../../../reports/record/types.ts';
import { configEdit } from '../../faults/config-edit.ts';
import { withoutDraining } from '../../faults/idle-tool.ts';
import { clientsSaw } from '../../judgements/clients.ts';
import { judgeFailures, overTrials, worstOf } from '../../judgements/procedure.ts';
import { judgeShare, sharesAfter } from '../../judgements/shares.ts';
import type { Share } from '../../judgements/shares.ts';
import { deploy } from '../../operations/deploy.ts';
import { stepsOf } from '../../operations/journal.ts';
import type { Journal } from '../../operations/journal.ts';
import type { ClaimJudgement, TrialData, TrialWatch } from '../../runner/experiment.ts';
import type { Judged } from '../../runner/verdict.ts';
import { pause } from '../../runner/wait.ts';
import { deploymentExperiment, GATEWAYS } from '../../stages/deployment-experiment.ts';
import { adminSeries } from '../../traffic/api-series.ts';

const BY_WEIGHT = 'production-gateway.load-balancing.canary-weights';
const SMALL_SHARE = 'production-gateway.deployment.canary-weights';
const STEPS = 'production-gateway.deployment.canary-steps';

const CANARY = 'admin-3';
/** The last one is the normal weight of the instance. */
const WEIGHTS = [10, 25, 50];
/** Weight of the two others. */
const OTHERS = 200;
const READS = 'admin reads';
/** 140 requests a step: weighted round robin keeps the share to a point. Documented are 60, 120 and 300 s. */
const STEP_MS = 6_000;
const INTERVAL_MS = 40;
const WAITS = { drain_ms: 500, canary_ms: STEP_MS, monitor_ms: STEP_MS, gate_ms: 30_000 };
/** The script's calls are followed by the steps that have an effect. */
const SCRIPT_WAITS = { canary_ms: 3_000, monitor_ms: 100 };
const PLAN = { instances: [CANARY], release: { version: '2.1.0' }, previous: { version: '2.0.1' }, ...WAITS };
/** One percentage point. */
const TOLERANCE = 0.01;

export default deploymentExperiment({
  title: 'A canary share in steps',
  hypothesis: `${CANARY} gets 4.8, 11.1 and 20 % of the requests with the weights 10, 25 and 50, and no request fails.`,
  verifies: [BY_WEIGHT, SMALL_SHARE, STEPS],
  series: (target) => [adminSeries(target, { name: READS, interval_ms: INTERVAL_MS, timeout_ms: 12_000 })],
  instances: [CANARY],
  idle_ms: STEP_MS,
  sabotage: [withoutDraining(GATEWAYS)],
  limit_s: 0,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },

  deployed: async (watch, journal) => {
    const documented = watch.target.variant === 'documented';
    await deploy(watch, documented ? { ...PLAN, ...SCRIPT_WAITS } : PLAN, journal);
    if (documented) await stepsByFile(watch, journal);
  },
  judge: (trials) => [judgeByWeight(trials), judgeSmallShare(trials), judgeSteps(trials)],
});

/** What an administrator can do where the script's calls lead nowhere: the upstream file, and a reload. */
async function stepsByFile(watch: TrialWatch, journal: Journal): Promise<void> {
  for (const weight of WEIGHTS) {
    const edit = configEdit(
      GATEWAYS,
      'upstreams/admin.conf',
      `${CANARY}:3000 weight=50`,
      `${CANARY}:3000 weight=${weight}`,
    );
    const normal = weight === WEIGHTS.at(-1);
    if (!normal) await watch.inject(edit);
    journal.record(watch, 'weight', CANARY, `has weight ${weight}`, weight);
    await pause(STEP_MS);
    if (!normal) await watch.revert(edit);
  }
  journal.record(watch, 'done', CANARY, 'all steps made');
}

type Kind = 'weight' | 'asked-weight';

const sharesOf = (one: TrialData, kind: Kind): ReadonlyMap<number, Share | null> =>
  sharesAfter(stepsOf(one), one.series[READS] ?? [], { kind, window_ms: STEP_MS });

const expectedShare = (weight: number): number => weight / (OTHERS + weight);

function judgeShares(one: TrialData, kind: Kind): Judged {
  const shares = sharesOf(one, kind);
  return worstOf(
    WEIGHTS.map((weight) =>
      judgeShare(shares.get(weight) ?? null, { expected: expectedShare(weight), tolerance: TOLERANCE }),
    ),
  );
}

function judgeByWeight(trials: readonly TrialData[]): ClaimJudgement {
  const seen = clientsSaw(trials, [READS]);
  return {
    claim: BY_WEIGHT,
    ...overTrials(trials, (one) => {
      const { during, before } = clientsSaw([one], [READS]);
      return worstOf([judgeShares(one, 'weight'), judgeFailures(during, before)]);
    }),
    expected: `${promised()}, each within 1 point; no request fails meanwhile`,
    observed: `${tell(trials, 'weight')}; ${seen.told}`,
    evidence: [...tables(trials, 'weight'), ...seen.evidence],
  };
}

function judgeSmallShare(trials: readonly TrialData[]): ClaimJudgement {
  return {
    claim: SMALL_SHARE,
    ...overTrials(trials, (one) => judgeShares(one, 'weight')),
    expected: `a small share first, raised in steps: ${promised()}`,
    observed: tell(trials, 'weight'),
    evidence: tables(trials, 'weight'),
  };
}

/** By what the variant deploys with: the calls of the script, or the procedure's files. */
function judgeSteps(trials: readonly TrialData[]): ClaimJudgement {
  const calls = trials.flatMap(stepsOf).filter(({ step }) => step === 'asked-weight');
  const kind = calls.length > 0 ? 'asked-weight' : 'weight';
  const judged = overTrials(trials, (one) => judgeShares(one, kind));
  return {
    claim: STEPS,
    ...judged,
    ...(judged.verdict === 'deviates' && calls[0]
      ? { reason: `the script's calls change nothing, and it does not notice: ${calls[0].what}` }
      : {}),
    expected: `the deployment itself sets 10, then 25, then 50: ${promised()} (each watched for ${STEP_MS / 1000} s: waits are scaled)`,
    observed: tell(trials, kind),
    evidence: tables(trials, kind),
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const promised = (): string => WEIGHTS.map((weight) => `${percent(expectedShare(weight))} with ${weight}`).join(', ');

function tell(trials: readonly TrialData[], kind: Kind): string {
  const told = trials.map((one) => {
    const shares = sharesOf(one, kind);
    return WEIGHTS.map((weight) => {
      const share = shares.get(weight);
      return `${share ? percent(share.got / share.of) : 'nothing'} with ${weight}`;
    }).join(', ');
  });
  return told.join('; ');
}

function tables(trials: readonly TrialData[], kind: Kind): Evidence[] {
  return trials.map((one) => ({
    kind: 'table',
    title: `Share of ${CANARY}`,
    columns: ['weight', 'requests', 'of', 'share', '95 % interval', 'promised'],
    rows: [...sharesOf(one, kind)]
      .filter(([weight]) => WEIGHTS.includes(weight))
      .map(([weight, share]) => [
        weight,
        share?.got ?? 0,
        share?.of ?? 0,
        share ? percent(share.got / share.of) : '',
        share ? `${percent(share.lower)} to ${percent(share.upper)}` : '',
        percent(expectedShare(weight)),
      ]),
  }));
}
