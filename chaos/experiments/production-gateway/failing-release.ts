/**
 * A new version becomes healthy and then answers every request with 500. The document's
 * script compares the text of Prometheus' answer with a decimal number, which the shell
 * cannot do: it goes on. The hardened procedure counts the instance's errors at every
 * weight and goes back.
 */
import { edited } from '../../faults/config-edit.ts';
import { gatewayFiles } from '../../faults/gateway-files.ts';
import { clientsSaw } from '../../judgements/clients.ts';
import { overTrials } from '../../judgements/procedure.ts';
import { judgeRollback, judgeRollbackTime, tellRollback } from '../../judgements/rollback.ts';
import { deploy } from '../../operations/deploy.ts';
import { stepsOf } from '../../operations/journal.ts';
import { LIMITS_FILE } from '../../operations/limits.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { deploymentExperiment } from '../../stages/deployment-experiment.ts';
import { adminSeries } from '../../traffic/api-series.ts';

const AUTO_ROLLBACK = 'production-gateway.deployment.auto-rollback';
const IMMEDIATE = 'production-gateway.deployment.rollback-immediate';

/** The turn of the second one must never come. */
const [FIRST, NEXT] = ['admin-3', 'admin-2'];
const READS = 'admin reads';
/** At the smallest weight the release gets a request in 0.84 s. Documented are 30, 60, 120 and 300 s. */
const WAITS = { drain_ms: 1_000, canary_ms: 2_000, monitor_ms: 2_000, gate_ms: 30_000 };
const RELEASE = { version: '2.2.0', behaviour: { status: 500, paths: ['/api/v1/admin/'] } };
const PREVIOUS = { version: '2.0.1' };
/** Documented limits. */
const ERRORS_PERS_MAX = 0.01;
const ROLLBACK_S = 60;

export default deploymentExperiment({
  title: 'A release that fails under traffic',
  hypothesis:
    'A version that answers with errors is noticed, replaced by the version of before, and deployed nowhere else.',
  verifies: [AUTO_ROLLBACK, IMMEDIATE],
  series: (target) => [adminSeries(target, { name: READS, interval_ms: 40, timeout_ms: 12_000 })],
  instances: [FIRST, NEXT],
  idle_ms: WAITS.canary_ms,
  sabotage: [
    gatewayFiles({
      name: 'a thousand errors a second are allowed',
      nodes: ['gateway-1'],
      paths: [LIMITS_FILE],
      change: ({ [LIMITS_FILE]: old = '' }) => ({
        [LIMITS_FILE]: edited(old, /^max_errors_per_s=.*$/m, 'max_errors_per_s=1000', LIMITS_FILE),
      }),
    }),
  ],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },

  deployed: async (watch, journal) => {
    // As documented one turn shows it; where a rollback ends the deployment, the next instance must be in it.
    const instances = watch.target.variant === 'documented' ? [FIRST] : [FIRST, NEXT];
    await deploy(watch, { instances, release: RELEASE, previous: PREVIOUS, ...WAITS }, journal);
  },
  judge: (trials) => {
    const reads = (one: TrialData) => one.series[READS] ?? [];
    const common = {
      observed: trials.map((one) => tellRollback(stepsOf(one), reads(one), FIRST)).join('; '),
      evidence: clientsSaw(trials, [READS]).evidence,
    };
    return [
      {
        claim: AUTO_ROLLBACK,
        ...overTrials(trials, (one) => judgeRollback(stepsOf(one), reads(one), FIRST)),
        expected: `more than ${ERRORS_PERS_MAX} errors a second: the version of before is put back, and the deployment ends`,
        ...common,
      },
      {
        claim: IMMEDIATE,
        ...overTrials(trials, (one) => judgeRollbackTime(stepsOf(one), reads(one), FIRST, ROLLBACK_S)),
        expected: `the version of before is healthy within ${ROLLBACK_S} s, and the instance gets no request until then`,
        ...common,
      },
    ];
  },
});
