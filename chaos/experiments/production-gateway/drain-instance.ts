/**
 * An instance has requests that take 20 s when a new version is to be installed. As
 * documented nobody drains it: it gets new requests until PM2 replaces its workers, which
 * may finish what they do for 8 s and no longer. The hardened procedure takes it out of
 * the pool and waits for its last request.
 */
import { deployment, deploymentHeld } from '../../faults/deployment.ts';
import { withoutDraining } from '../../faults/idle-tool.ts';
import { clientsSaw } from '../../judgements/clients.ts';
import { countDrained, judgeDrained, tellDrained } from '../../judgements/draining.ts';
import { overTrials } from '../../judgements/procedure.ts';
import { deploy } from '../../operations/deploy.ts';
import { Journal, JOURNAL, stepsOf } from '../../operations/journal.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { pause, waitFor } from '../../runner/wait.ts';
import { adminSeries } from '../../traffic/api-series.ts';

const DRAINING = 'production-gateway.deployment.traffic-draining';
const DRAIN_30S = 'production-gateway.deployment.drain-30s';

const VICTIM = 'admin-3';
const GATEWAYS = ['gateway-1', 'gateway-2'];
const READS = 'admin reads';
const REPORTS = `admin reports, 20 s on ${VICTIM}`;
const REPORT_MS = 20_000;
/** The script waits 30 s. Requests keep coming all the while, so that a shorter wait shows the same. */
const WAITS = { drain_ms: 5_000, canary_ms: 100, monitor_ms: 100, gate_ms: 30_000 };
const PLAN = { instances: [VICTIM], release: { version: '2.1.0' }, previous: { version: '2.0.1' }, ...WAITS };

const MECHANISM =
  'nothing drains the instance: it gets requests until its workers are told to leave, and PM2 ends those after 8 s whatever they still do';

const journal = new Journal();

export default experiment({
  title: 'Draining an instance before it is stopped',
  hypothesis: `${VICTIM} gets no new request before it is stopped, and answers the requests of 20 s that it has.`,
  verifies: [DRAINING, DRAIN_30S],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
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
  method: [deployment([VICTIM], GATEWAYS)],
  sabotage: [withoutDraining(GATEWAYS)],
  blastRadius: [VICTIM, ...GATEWAYS],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },

  observe: async (watch) => {
    if (!(await deploymentHeld(watch.target))) return pause(WAITS.drain_ms);
    await deploy(watch, PLAN, journal);
  },
  recover: async (watch) => {
    await waitFor('an answer', 30_000, () => watch.probes().at(-1)?.ok ?? false);
  },
  collect: async () => ({ texts: { [JOURNAL]: journal.take() } }),
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
