/**
 * A new version starts and never becomes healthy. As documented the instance was never
 * out of the pool, so that clients meet it before its health is known, and the script
 * polls without an end. The hardened procedure keeps it out and ends with an error.
 */
import { withoutDraining } from '../../faults/idle-tool.ts';
import { clientsSaw } from '../../judgements/clients.ts';
import { overTrials } from '../../judgements/procedure.ts';
import { judgeGate, reachedAfterStart } from '../../judgements/rollout.ts';
import { deploy } from '../../operations/deploy.ts';
import { stepsOf } from '../../operations/journal.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { deploymentExperiment, GATEWAYS } from '../../stages/deployment-experiment.ts';
import { adminSeries } from '../../traffic/api-series.ts';

const HEALTH_GATE = 'production-gateway.deployment.health-gate';

const INSTANCE = 'admin-3';
const READS = 'admin reads';
/** The script polls for ever; so long is enough to see whether requests come meanwhile. */
const WAITS = { drain_ms: 1_000, canary_ms: 500, monitor_ms: 500, gate_ms: 10_000 };
const RELEASE = { version: '2.3.0', behaviour: { status: 503, paths: ['/health'] } };
const PLAN = { instances: [INSTANCE], release: RELEASE, previous: { version: '2.0.1' }, ...WAITS };

export default deploymentExperiment({
  title: 'A release that never becomes healthy',
  hypothesis:
    'An instance gets requests only after its /health returned 200; one that never does stays out, and the deployment ends.',
  verifies: [HEALTH_GATE],
  series: (target) => [adminSeries(target, { name: READS, interval_ms: 40, timeout_ms: 12_000 })],
  instances: [INSTANCE],
  idle_ms: WAITS.drain_ms,
  sabotage: [withoutDraining(GATEWAYS)],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },

  deployed: async (watch, journal) => {
    await deploy(watch, PLAN, journal);
  },
  judge: (trials) => {
    const reached = (one: TrialData) => reachedAfterStart(stepsOf(one), one.series[READS] ?? [], INSTANCE);
    const tell = (one: TrialData): string =>
      `${reached(one) ?? 'unknown how many'} requests reached it; ${stepsOf(one).at(-1)?.what ?? 'nothing was deployed'}`;
    return [
      {
        claim: HEALTH_GATE,
        ...overTrials(trials, (one) => judgeGate(stepsOf(one), reached(one))),
        expected: `no request reaches ${INSTANCE} while its /health answers 503, and the deployment ends with an error`,
        observed: trials.map(tell).join('; '),
        evidence: clientsSaw(trials, [READS]).evidence,
      },
    ];
  },
});
