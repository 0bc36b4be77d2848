/**
 * All six customer instances die, the backup too, and come back. While they are gone
 * every request is refused; afterwards nginx tries an instance again `fail_timeout`
 * after it was last marked, and the first answer brings it back for everybody.
 */
import { containerKill } from '../../faults/container-kill.ts';
import { together } from '../../faults/together.ts';
import { failureEvidence, tellFailures } from '../../judgements/failures.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import type { Settings } from '../../runner/settings.ts';
import { configEdit } from '../../faults/config-edit.ts';
import { pause } from '../../runner/wait.ts';
import { CUSTOMER_PRIMARIES, customerSeries } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const ALL = ['customer-1', 'customer-2', 'customer-3', 'customer-4', 'customer-5', 'customer-6'];
const CLAIM = 'production-gateway.failover.recovery-after-total-outage';
const UPSTREAM = 'customer_backend';
const DOWN_MS = 7_000;
/** One request more than the interval of the series, and the whole seconds of nginx's timers. */
const SLACK_S = 1.5;
/** Longest wait for the pool's return, and how long it must then stay without an error. */
const AFTER_MS = 16_000;

export default experiment({
  title: 'Losing the whole customer pool, and its return',
  hypothesis: 'Traffic flows again as soon as the instances are back and fail_timeout is over, without further errors.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800, answering: CUSTOMER_PRIMARIES },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 40, timeout_ms: 12_000 })],
  method: [
    together(
      `container-kill ${ALL.join(', ')}`,
      ALL.map((one) => containerKill(one, { seenFrom: GATEWAY, healthPath: '/health' })),
    ),
  ],
  sabotage: [configEdit([GATEWAY], 'upstreams/customer.conf', /fail_timeout=10s|backup/g, 'fail_timeout=60s')],
  blastRadius: [...ALL, GATEWAY],
  limit_s: null,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async () => pause(DOWN_MS),
  recover: async () => pause(AFTER_MS),
  predict: (settings) => ({
    range_s: [0, failTimeout_s(settings) + SLACK_S],
    formula: 'an instance that failed is left alone for fail_timeout, counted in whole seconds',
    settings: `fail_timeout=${failTimeout_s(settings)}s`,
    quantity: 'time from the last instance being healthy to the last failed request',
    seen_s: (one) => {
      const last_s = lastFailed_s(one);
      return [last_s, last_s];
    },
  }),
  judge: (trials) => [judgeReturn(trials)],
});

/** Documented; what the running configuration says is drawn as prediction. */
const FAIL_TIMEOUT_S = 10;

const failTimeout_s = ({ nginx }: Settings): number =>
  Math.max(...nginx.servers(UPSTREAM).map((server) => server.failTimeout_s));

/** How long after the repair the last request failed, s; 0 when none did. */
function lastFailed_s({ probes, trial }: TrialData): number {
  const { healed_ms } = trial.fault;
  const late = probes.filter((probe) => !probe.ok && probe.sent_ms >= healed_ms);
  return Math.max(0, ...late.map((probe) => probe.sent_ms - healed_ms)) / 1_000;
}

function judgeReturn(trials: readonly TrialData[]): ClaimJudgement {
  const limit_s = FAIL_TIMEOUT_S + SLACK_S;
  const seen = trials
    .filter((one) => one.trial.valid)
    .map((one) => {
      const { injected_ms, healed_ms } = one.trial.fault;
      const lost = one.probes.filter((probe) => !probe.ok && probe.sent_ms >= injected_ms && probe.sent_ms < healed_ms);
      return { lost: lost.length, last_s: lastFailed_s(one) };
    });
  const common = {
    claim: CLAIM,
    expected: `no failed request later than fail_timeout (${FAIL_TIMEOUT_S} s, and ${SLACK_S} s for whole seconds) after the instances are healthy`,
    observed: `last failed request ${seen.map(({ last_s }) => last_s.toFixed(1)).join(', ') || '?'} s after; ${tellFailures(trials)}`,
    evidence: failureEvidence(trials),
  };
  if (seen.some(({ last_s }) => last_s > limit_s)) {
    const reason = 'instances that are well again are left alone for longer than the documented fail_timeout';
    return { ...common, verdict: 'deviates', reason };
  }
  const invalid = trials.find((one) => !one.trial.valid)?.trial.invalidReason;
  if (invalid !== undefined) return { ...common, verdict: 'inconclusive', reason: invalid };
  if (seen.some(({ lost }) => lost === 0))
    return {
      ...common,
      verdict: 'inconclusive',
      reason: 'no request failed while the pool was gone: there was no outage',
    };
  return { ...common, verdict: 'conforms' };
}
