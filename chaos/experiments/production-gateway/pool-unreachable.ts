/**
 * Connections to all customer instances go unanswered. The first requests wait for
 * two connect time-outs; then every instance has its failures and is left alone, and
 * nginx answers at once, without asking anybody, until fail_timeout is over.
 */
import { quantile } from '../../../measurement/statistics.ts';
import { blackHole } from '../../faults/black-hole.ts';
import { configEdit } from '../../faults/config-edit.ts';
import type { SessionProbe } from '../../prober/session.ts';
import { CUSTOMERS } from '../../requests/burst.ts';
import { customerReads } from '../../requests/series.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { seconds } from '../../runner/settings.ts';
import { waitFor } from '../../runner/wait.ts';
import { CUSTOMER_PRIMARIES } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const OTHER_NODE = 'gateway-2';
const LOCATION = '/api/v1/';
/** Two connect time-outs of 5 s, then some seconds until the first penalty (10 s from its first failure at 5 s) ends. */
const OPEN_FROM_MS = 11_500;
const OPEN_TO_MS = 14_500;
const FAULT_MS = 15_000;
/** Requests of these seconds meet instances that all count as working: both of their tries wait. */
/** What an answer takes beside its waits, s. */
const SLACK_S = 0.5;
const WAIT_FROM_MS = 500;
const WAIT_TO_MS = 4_000;
const BUDGET_MS = 10_000;
/** What lies between the end of a time-out and the client's last byte. */
const BUDGET_MARGIN_MS = 600;
const FAST_MS = 50;
/** Nobody waits so long for an answer that nginx gives by itself, however busy the machine is. */
const WAITING_MS = 1_000;

const FAST = 'production-gateway.circuit-breaking.open-fails-fast';
const BUDGET = 'production-gateway.failover.retry-budget';

export default experiment({
  title: 'No customer instance can be reached',
  hypothesis: 'Requests wait for two connect time-outs at first, and fail at once as soon as all circuits are open.',
  verifies: [FAST, BUDGET],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500, answering: CUSTOMER_PRIMARIES },
  series: (target) => [customerReads(target, { timeout_ms: 14_000 })],
  // Seen by both nodes alike: the hardened pair moves the address when only one of them has lost its instances.
  method: [blackHole(CUSTOMERS, [GATEWAY, OTHER_NODE])],
  blastRadius: [...CUSTOMERS, GATEWAY, OTHER_NODE],
  limit_s: null,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  sabotage: [configEdit([GATEWAY], 'upstreams/customer.conf', 'max_fails=2', 'max_fails=0')],

  observe: async (watch) => {
    await waitFor(
      'all circuits open, and a while',
      FAULT_MS + 1_000,
      () => watch.now_ms() - watch.injected_ms >= FAULT_MS,
    );
  },
  recover: async () => {},

  predict: ({ nginx }) => {
    const connect_s = seconds(nginx.directive(LOCATION, 'proxy_connect_timeout') ?? '60s');
    const tries = Number(nginx.directive(LOCATION, 'proxy_next_upstream_tries') ?? 0);
    const penalty_s = Math.min(...nginx.servers('customer_backend').map(({ failTimeout_s }) => failTimeout_s));
    return {
      range_s: [connect_s, connect_s * Math.max(tries, 1) + SLACK_S],
      formula: `requests wait for ${tries} time-outs of ${connect_s} s; then no wait until ${penalty_s} s after the first failures`,
      settings: `proxy_connect_timeout ${connect_s}s; proxy_next_upstream_tries ${tries}; fail_timeout=${penalty_s}s`,
      quantity: 'longest wait of the first requests',
      seen_s: (one) => {
        const waited_s = Math.max(0, ...sentWithin(one, WAIT_FROM_MS, WAIT_TO_MS).map(took_ms)) / 1_000;
        return [waited_s, waited_s];
      },
    };
  },

  judge: (trials) => {
    const valid = trials.filter(({ trial }) => trial.valid);
    return [
      judgeFast(valid.flatMap((one) => sentWithin(one, OPEN_FROM_MS, OPEN_TO_MS))),
      judgeBudget(valid.flatMap((one) => sentWithin(one, WAIT_FROM_MS, WAIT_TO_MS))),
    ];
  },
});

/** Durations of requests sent in a window after the injection, ms. */
function sentWithin({ probes, trial }: TrialData, from_ms: number, to_ms: number): readonly SessionProbe[] {
  const at = (ms: number): number => trial.fault.injected_ms + ms;
  return probes.filter(({ sent_ms }) => sent_ms >= at(from_ms) && sent_ms < at(to_ms));
}

const took_ms = ({ sent_ms, done_ms }: SessionProbe): number => done_ms - sent_ms;

export function judgeFast(probes: readonly SessionProbe[]): ClaimJudgement {
  const times_ms = probes.map(took_ms);
  const [median_ms, p95_ms] = [quantile(times_ms, 0.5), quantile(times_ms, 0.95)];
  const failed = probes.filter(({ ok }) => !ok).length;
  const common = {
    claim: FAST,
    expected: `answers in less than ${FAST_MS} ms while all circuits are open`,
    observed:
      probes.length === 0
        ? 'no request in that time'
        : `${failed} of ${probes.length} requests refused; median ${median_ms.toFixed(0)} ms, 95 % within ${p95_ms.toFixed(0)} ms`,
    evidence: [],
  };
  if (failed <= probes.length / 2) return { ...common, verdict: 'inconclusive', reason: 'the pool was not seen down' };
  if (p95_ms < FAST_MS) return { ...common, verdict: 'conforms' };
  if (median_ms > WAITING_MS)
    return {
      ...common,
      verdict: 'deviates',
      reason: 'instances are not left alone: requests wait for their connect time-outs',
    };
  return {
    ...common,
    verdict: 'inconclusive',
    reason: 'slower than promised without waiting for an instance: the machine was busy',
  };
}

export function judgeBudget(probes: readonly SessionProbe[]): ClaimJudgement {
  const failed = probes.filter(({ ok }) => !ok);
  const longest_ms = Math.max(0, ...probes.map(took_ms));
  const common = {
    claim: BUDGET,
    expected: `two connect time-outs, ${BUDGET_MS / 1000} s, are the longest wait`,
    observed: `${failed.length} of ${probes.length} requests failed, the longest wait was ${(longest_ms / 1000).toFixed(2)} s`,
    evidence: [],
  };
  if (failed.length === 0 || longest_ms < BUDGET_MS * 0.9)
    return { ...common, verdict: 'inconclusive', reason: 'no request waited at two instances' };
  if (longest_ms <= BUDGET_MS + BUDGET_MARGIN_MS) return { ...common, verdict: 'conforms' };
  if (quantile(failed.map(took_ms), 0.5) > BUDGET_MS + 2 * BUDGET_MARGIN_MS)
    return { ...common, verdict: 'deviates', reason: 'more tries, or longer ones, than the budget has room for' };
  return { ...common, verdict: 'inconclusive', reason: 'single requests waited longer: the machine was busy' };
}
