/**
 * One customer instance is frozen: its kernel accepts connections, nothing answers.
 * No error tells nginx; a request that is sent there waits for `proxy_read_timeout`.
 * What protects the others is the balancing: waiting requests count as active ones,
 * so that `least_conn` soon prefers every other instance.
 */
import { proportionInterval } from '../../../measurement/statistics.ts';
import { containerPause } from '../../faults/container-pause.ts';
import { configEdit } from '../../faults/config-edit.ts';
import { failureEvidence, sinceFault, tellFailures } from '../../judgements/failures.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { pause } from '../../runner/wait.ts';
import { CUSTOMER_PRIMARIES, customerSeries } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const VICTIM = 'customer-1';
const CLAIM = 'production-gateway.load-balancing.customer-adapts-to-slow';
const WINDOW_MS = 8_000;
/** Far above what an instance takes, far below the read time-out: who waits longer is with the frozen one. */
const PATIENCE_MS = 4_000;
const FAIR_SHARE = 1 / 5;

export default experiment({
  title: 'Pausing one customer instance',
  hypothesis: 'An instance that accepts and never answers gets far less than its share of the requests.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800, answering: CUSTOMER_PRIMARIES },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 25, timeout_ms: PATIENCE_MS })],
  method: [containerPause(VICTIM, { seenFrom: GATEWAY, healthPath: '/health' })],
  sabotage: [configEdit([GATEWAY], 'upstreams/customer.conf', 'least_conn;', '')],
  blastRadius: [VICTIM, GATEWAY],
  limit_s: null,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async () => pause(WINDOW_MS),
  recover: async () => {},
  judge: (trials) => [judgeShare(trials)],
});

function judgeShare(trials: readonly TrialData[]): ClaimJudgement {
  const valid = trials.filter((one) => one.trial.valid);
  const sent = valid.flatMap((one) => {
    const { proved_ms, reverted_ms } = one.trial.fault;
    return sinceFault(one).filter((probe) => probe.sent_ms >= proved_ms && probe.sent_ms < reverted_ms - PATIENCE_MS);
  });
  const waiting = sent.filter((probe) => !probe.ok).length;
  const { lower, upper } = sent.length === 0 ? { lower: 0, upper: 1 } : proportionInterval(waiting, sent.length);
  const common = {
    claim: CLAIM,
    expected: `less than half of its fair share of ${FAIR_SHARE * 100} % goes to ${VICTIM} while it is silent`,
    observed:
      `${waiting} of ${sent.length} requests waited for it in vain ` +
      `(${(lower * 100).toFixed(1)} to ${(upper * 100).toFixed(1)} %); ${tellFailures(trials)}`,
    evidence: failureEvidence(trials),
  };
  if (upper < FAIR_SHARE / 2) return { ...common, verdict: 'conforms' };
  if (lower > FAIR_SHARE / 2) {
    const reason = 'requests that wait for the silent instance do not keep others away: every fifth one is sent there';
    return { ...common, verdict: 'deviates', reason };
  }
  const invalid = trials.find((one) => !one.trial.valid)?.trial.invalidReason;
  return { ...common, verdict: 'inconclusive', reason: invalid ?? 'too few requests to tell the shares apart' };
}
