/**
 * An instance has requests that take 20 s when a new version is to be installed. As
 * documented nobody drains it: it gets new requests until PM2 replaces its workers, which
 * may finish what they do for 8 s and no longer. The hardened procedure takes it out of
 * the pool and waits for its last request.
 */
import { withoutDraining } from '../../faults/idle-tool.ts';
import { clientsSaw } from '../../judgements/clients.ts';
import { countDrained, judgeDrained, tellDrained } from '../../judgements/draining.ts';
import { overTrials } from '../../judgements/procedure.ts';
import { deploy } from '../../operations/deploy.ts';
import { stepsOf } from '../../operations/journal.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { deploymentExperiment, GATEWAYS } from '../../stages/deployment-experiment.ts';
import { adminSeries } from '../../traffic/api-series.ts';

const DRAINING = 'production-gateway.deployment.traffic-draining';
const DRAIN_30S = 'production-gateway.deployment.drain-30s';

const VICTIM = 'admin-3';
const READS = 'admin reads';
const REPORTS = `admin reports, 20 s on ${VICTIM}`;
const REPORT_MS = 20_000;
/** The script waits 30 s. Requests keep coming all the while, so that a shorter wait shows the same. */
const WAITS = { drain_ms: 5_000, canary_ms: 100, monitor_ms: 100, gate_ms: 30_000 };
const PLAN = { instances: [VICTIM], release: { version: '2.1.0' }, previous: { version: '2.0.1' }, ...WAITS };

const MECHANISM =
  'nothing drains the instance: it gets requests until its workers are told to leave, and PM2 ends those after 8 s whatever they still do';

export default deploymentExperiment({
  title: 'Draining an instance before it is stopped',
  hypothesis: `${VICTIM} gets no new request before it is stopped, and answers the requests of 20 s that it has.`,
  verifies: [DRAINING, DRAIN_30S],
  series: (target) => [
    adminSeries(target, { name: READS, interval_ms: 50, timeout_ms: 12_000 }),
    adminSeries(target, {
      name: REPORTS,
      method: 'POST',
      interval_ms: 250,
      timeout_ms: 45_000,
      headers: { 'x-behave': JSON.stringify({ only: [VICTIM], delay_ms: REPORT_MS }) },
    }),
  ],
  instances: [VICTIM],
  idle_ms: WAITS.drain_ms,
  sabotage: [withoutDraining(GATEWAYS)],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },

  deployed: async (watch, journal) => {
    await deploy(watch, PLAN, journal);
  },
  judge: (trials) => [
    judge(trials, DRAINING, 'no new request reaches it once it is taken out, and it answers every request in flight'),
    judge(trials, DRAIN_30S, 'no new request before the stop, and requests of 20 s are answered within the 30 s'),
  ],
});

function judge(trials: readonly TrialData[], claim: string, expected: string): ClaimJudgement {
  const seen = (one: TrialData) =>
    countDrained(stepsOf(one), VICTIM, one.series[READS] ?? [], one.series[REPORTS] ?? []);
  const judged = overTrials(trials, (one) => judgeDrained(seen(one)));
  return {
    claim,
    ...judged,
    ...(judged.verdict === 'deviates' ? { reason: MECHANISM } : {}),
    expected,
    observed: trials.map((one) => tellDrained(seen(one))).join('; '),
    evidence: clientsSaw(trials, [REPORTS]).evidence,
  };
}
