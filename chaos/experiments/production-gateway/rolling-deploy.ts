/**
 * A new version goes to the three primaries of the admin pool while operators work.
 * The document's script asks an interface of the commercial edition to drain each
 * instance; nobody answers, and what saves clients is that PM2 replaces worker by
 * worker. The hardened procedure takes each instance out of the upstream files first.
 */
import { configEdit } from '../../faults/config-edit.ts';
import { withoutDraining } from '../../faults/idle-tool.ts';
import { fewestServing, judgeFailures, overTrials, windowOf } from '../../judgements/procedure.ts';
import { clientsSaw, stepTable } from '../../judgements/clients.ts';
import {
  judgeFinalWeights,
  judgeMonitoring,
  judgeOrder,
  judgeServing,
  lastWeights,
  orderOf,
} from '../../judgements/rollout.ts';
import { deploy } from '../../operations/deploy.ts';
import { stepsOf } from '../../operations/journal.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { pause } from '../../runner/wait.ts';
import { deploymentExperiment, GATEWAYS } from '../../stages/deployment-experiment.ts';
import { adminSeries } from '../../traffic/api-series.ts';

const ZERO_DOWNTIME = 'production-gateway.deployment.zero-downtime';
const ORDER = 'production-gateway.deployment.order';
const TWO_SERVING = 'production-gateway.deployment.two-serving';
const FINAL_WEIGHT = 'production-gateway.deployment.final-weight';
const MONITOR = 'production-gateway.deployment.monitor-5min';

/** Normal weights, in the promised order of deployment. */
const WEIGHTS = { 'admin-3': 50, 'admin-2': 100, 'admin-1': 100 } as const;
const PRIMARIES = Object.keys(WEIGHTS);
const RELEASE = { version: '2.1.0' };
const PREVIOUS = { version: '2.0.1' };
const READS = 'admin reads';
const WRITES = 'admin writes of 2 s';
const WRITE_MS = 2_000;
/** Fewer answers in a second say nothing about who serves. */
const ANSWERS_MIN = 10;
/** Documented are 30, 60, 120 and 300 s; nothing that is judged here grows with them. */
const WAITS = { drain_ms: 3_000, canary_ms: 500, monitor_ms: 1_000, gate_ms: 30_000 };
const IDLE_MS = 3_000;

const MECHANISM = 'requests meet an instance that is being stopped: it was not taken out of the pool before';

export default deploymentExperiment({
  title: 'Rolling deployment of the admin pool',
  hypothesis: 'A new version is rolled out to the admin pool, instance by instance, and no request fails.',
  verifies: [ZERO_DOWNTIME, ORDER, TWO_SERVING, FINAL_WEIGHT, MONITOR],
  series: (target) => [
    adminSeries(target, { name: READS, interval_ms: 50, timeout_ms: 12_000 }),
    adminSeries(target, {
      name: WRITES,
      method: 'POST',
      interval_ms: 500,
      timeout_ms: 15_000,
      headers: { 'x-behave': JSON.stringify({ delay_ms: WRITE_MS }) },
    }),
  ],
  instances: PRIMARIES,
  idle_ms: IDLE_MS,
  sabotage: [
    withoutDraining(GATEWAYS),
    configEdit(['gateway-1'], 'api/attempts.conf', 'proxy_next_upstream_tries 2', 'proxy_next_upstream_tries 1'),
  ],
  limit_s: 0,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },

  deployed: async (watch, journal) => {
    // The script's list begins with the first instance.
    const plan = { instances: PRIMARIES.toReversed(), release: RELEASE, previous: PREVIOUS, ...WAITS };
    await deploy(watch, plan, journal);
    // Requests that were sent last have to end before anything is undone.
    await pause(WRITE_MS + 500);
  },
  judge: (trials) => [judgeClients(trials), ...judgeRules(trials)],
});

function judgeClients(trials: readonly TrialData[]): ClaimJudgement {
  const seen = clientsSaw(trials, [READS, WRITES]);
  const judged = overTrials(trials, (one) => {
    const { during, before } = clientsSaw([one], [READS, WRITES]);
    return judgeFailures(during, before);
  });
  return {
    claim: ZERO_DOWNTIME,
    ...judged,
    ...(judged.verdict === 'deviates' ? { reason: MECHANISM } : {}),
    expected: 'no failed request, of reads and of writes that take 2 s, during the whole deployment',
    observed: seen.told,
    evidence: seen.evidence,
  };
}

function judgeRules(trials: readonly TrialData[]): ClaimJudgement[] {
  const all = trials.flatMap(stepsOf);
  const fewest = (one: TrialData): number | null => {
    const window = windowOf(stepsOf(one));
    return window ? fewestServing(one.series[READS] ?? [], window, PRIMARIES, ANSWERS_MIN) : null;
  };
  const evidence = [stepTable('Steps of the deployment', trials[0] ? stepsOf(trials[0]) : [])];
  const weights = [...lastWeights(all)].map(([name, weight]) => `${name} ${weight}`).join(', ');
  const looks = all.filter(({ step }) => step === 'watched' || step === 'asked-prometheus').length;
  return [
    {
      claim: ORDER,
      ...overTrials(trials, (one) => judgeOrder(stepsOf(one), PRIMARIES)),
      expected: PRIMARIES.join(', '),
      observed: orderOf(all).join(', ') || 'nothing was deployed',
      evidence,
    },
    {
      claim: TWO_SERVING,
      ...overTrials(trials, (one) => judgeServing(fewest(one), 2)),
      expected: 'at least 2 primaries answer in every second of the deployment',
      observed: `fewest in a second: ${trials.map((one) => fewest(one) ?? 'not seen').join(', ')}`,
      evidence,
    },
    {
      claim: FINAL_WEIGHT,
      ...overTrials(trials, (one) => judgeFinalWeights(stepsOf(one), WEIGHTS)),
      expected: `last weights: ${Object.entries(WEIGHTS)
        .map(([name, weight]) => `${name} ${weight}`)
        .join(', ')}`,
      observed: `last weights asked for: ${weights || 'none'}`,
      evidence,
    },
    {
      claim: MONITOR,
      ...overTrials(trials, (one) => judgeMonitoring(stepsOf(one))),
      expected: `errors of every instance are watched after its canary steps (for ${WAITS.monitor_ms / 1000} s in place of 300 s: waits are scaled)`,
      observed: `${looks} looks at metrics`,
      evidence,
    },
  ];
}
