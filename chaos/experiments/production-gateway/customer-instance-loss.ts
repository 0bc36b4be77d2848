/**
 * One of five customer instances dies with everything in it. Requests that were
 * with it lose their connection at once and are tried elsewhere. Those that
 * nginx sends to it afterwards find an address that nobody answers for: they wait
 * for the connect time-out, or until the kernel gives the address up, and are
 * then tried elsewhere. Clients see no error, some see a long wait.
 */
import type { SessionProbe } from '../../prober/session.ts';
import { containerKill } from '../../faults/container-kill.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { seconds } from '../../runner/settings.ts';
import { judgeNoFailures } from '../../runner/verdict.ts';
import { waitFor } from '../../runner/wait.ts';
import { sinceFault } from '../../judgements/failures.ts';
import { judgeSlowStart } from '../../judgements/slow-start.ts';
import { CUSTOMER_PRIMARIES, customerSeries } from '../../traffic/api-series.ts';
import { withoutSecondTry } from '../../traffic/sabotage.ts';

const VICTIM = 'customer-2';
const GATEWAY = 'gateway-1';
const UPSTREAM = 'customer_backend';
const LOCATION = '/api/v1/';
const SERIES = 'new-connections';
/** Failures are counted here, not timed: a rate that leaves the prober punctual on a busy machine is enough. */
const INTERVAL_MS = 40;
/** Longer than a connect time-out and a second try, so that a rescued request is told from a lost one. */
const PROBE_TIMEOUT_MS = 12_000;
/**
 * The fault stays in this long: the connect time-out of 5 s fits, after which nginx leaves the victim alone for
 * fail_timeout (10 s). The victim is back before nginx tries it again, whatever the machine has to do.
 */
const FAULT_MS = 6_000;
/** Time for the victim's first answer: its start, and what is left of `fail_timeout`. */
const RETURN_TIMEOUT_MS = 30_000;
/** Answers by the returned victim are counted for this long. */
const SHARE_WINDOW_MS = 4_000;
const PRIMARIES = 5;

const NO_ERRORS = 'production-gateway.failover.kill-one-instance';
const GRADUAL_RETURN = 'production-gateway.health.passive-slow-start';

export default experiment({
  title: 'Losing one customer instance',
  hypothesis: 'Killing one of five customer instances under load is invisible to clients: no request fails.',
  verifies: [NO_ERRORS, GRADUAL_RETURN],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500, answering: CUSTOMER_PRIMARIES },
  series: (target) => [
    customerSeries(target, { name: SERIES, interval_ms: INTERVAL_MS, timeout_ms: PROBE_TIMEOUT_MS }),
  ],
  method: [containerKill(VICTIM, { seenFrom: GATEWAY, healthPath: '/health' })],
  sabotage: withoutSecondTry(GATEWAY),
  blastRadius: [VICTIM, GATEWAY],
  limit_s: 0,
  inSmokeVerify: true,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },

  observe: async (watch) => {
    const from_ms = watch.now_ms();
    await waitFor('the observation window', FAULT_MS + 1_000, () => watch.now_ms() - from_ms >= FAULT_MS);
  },

  recover: async (watch) => {
    const healed_ms = watch.now_ms();
    const first = await waitFor(`${VICTIM} serves again`, RETURN_TIMEOUT_MS, () =>
      firstAnswer(watch.probes(), healed_ms),
    );
    watch.note(
      GATEWAY,
      `${VICTIM} answers requests again, ${((first - healed_ms) / 1000).toFixed(1)} s after it was healthy`,
    );
    await waitFor('the share window', SHARE_WINDOW_MS + 1_000, () => watch.now_ms() - first >= SHARE_WINDOW_MS);
  },

  collect: async (target) => {
    const log = await target.exec(GATEWAY, [
      'grep',
      '-aF',
      `:${target.endpoint(VICTIM).port}`,
      '/var/log/nginx/error.log',
    ]);
    const lines = log.stdout.split('\n').filter((line) => line.includes(target.endpoint(VICTIM).address));
    return { texts: { 'nginx error log about the victim': lines.slice(-40) } };
  },

  predict: ({ nginx }) => {
    const connect_s = seconds(nginx.directive(LOCATION, 'proxy_connect_timeout') ?? '60s');
    const tries = nginx.directive(LOCATION, 'proxy_next_upstream_tries') ?? '0';
    const conditions = nginx.directive(LOCATION, 'proxy_next_upstream') ?? 'error timeout';
    const victim = nginx.servers(UPSTREAM).find((server) => server.host === VICTIM);
    const retried = tries !== '1' && /\berror\b/.test(conditions) && /\btimeout\b/.test(conditions);
    return {
      range_s: retried ? [0, 0] : [0, connect_s * (victim?.maxFails ?? 1)],
      formula: retried
        ? `a GET is tried again after a connection error or time-out: no failed request, single waits up to ${connect_s} s`
        : 'without a second try every request that is sent to the dead instance fails until max_fails is reached',
      settings: [
        `proxy_next_upstream ${conditions}`,
        `proxy_next_upstream_tries ${tries}`,
        `proxy_connect_timeout ${connect_s}s`,
        `max_fails=${victim?.maxFails ?? 1} fail_timeout=${victim?.failTimeout_s ?? 10}s`,
      ].join('; '),
    };
  },

  judge: (trials) => [judgeErrors(trials), judgeReturn(trials)],
});

function firstAnswer(probes: readonly SessionProbe[], since_ms: number): number | null {
  const answers = probes.filter((probe) => probe.servedBy === VICTIM && probe.sent_ms >= since_ms);
  return answers.length === 0 ? null : Math.min(...answers.map((probe) => probe.done_ms));
}

function judgeErrors(trials: readonly TrialData[]): ClaimJudgement {
  const before = trials.flatMap((one) => one.before);
  const failedBefore = before.filter((probe) => !probe.ok).length;
  const judged = judgeNoFailures(
    trials.map((one) => one.trial),
    { failed: failedBefore, total: before.length },
  );
  const total = sum(trials, (one) => one.trial.totalRequests);
  const failed = sum(trials, (one) => one.trial.failedRequests);
  const slow = trials.flatMap((one) => slowAnswers(one));
  const longest_ms = Math.max(
    0,
    ...trials.flatMap((one) => sinceFault(one).map((probe) => probe.done_ms - probe.sent_ms)),
  );
  const kinds = [...new Set(trials.flatMap((one) => Object.keys(one.trial.errorsByKind)))].join(', ');
  return {
    claim: NO_ERRORS,
    ...judged,
    expected: `no failed request while ${VICTIM} is lost and after its return`,
    observed:
      `${failed} of ${total} requests failed${failed > 0 ? ` (${kinds})` : ''}; ` +
      `${slow.length} waited longer than 1 s, the longest ${(longest_ms / 1000).toFixed(2)} s`,
    evidence: [
      {
        kind: 'table',
        title: 'Slowest and failed requests after the kill',
        columns: ['sent s after the kill', 'took ms', 'result', 'answered by'],
        rows: trials.flatMap((one) =>
          sinceFault(one)
            .filter((probe) => !probe.ok || probe.done_ms - probe.sent_ms > 1_000)
            .slice(0, 20)
            .map((probe) => [
              Number(((probe.sent_ms - one.trial.fault.injected_ms) / 1000).toFixed(2)),
              Math.round(probe.done_ms - probe.sent_ms),
              probe.kind,
              probe.servedBy ?? '',
            ]),
        ),
      },
      ...trials.flatMap((one) =>
        Object.entries(one.collected).map(([title, lines]) => ({
          kind: 'log' as const,
          title,
          lines: lines.slice(-20),
        })),
      ),
    ],
  };
}

function judgeReturn(trials: readonly TrialData[]): ClaimJudgement {
  const counted = trials.map((one) => {
    const healed_ms = one.trial.fault.healed_ms;
    const first_ms = one.trial.valid ? firstAnswer(one.probes, healed_ms) : null;
    const window = one.probes.filter(
      (probe) =>
        first_ms !== null && probe.ok && probe.sent_ms > first_ms && probe.sent_ms <= first_ms + SHARE_WINDOW_MS,
    );
    return { answered: window.length, byVictim: window.filter((probe) => probe.servedBy === VICTIM).length };
  });
  return judgeSlowStart(GRADUAL_RETURN, VICTIM, {
    byVictim: sum(counted, (one) => one.byVictim),
    answered: sum(counted, (one) => one.answered),
    window_s: SHARE_WINDOW_MS / 1000,
    fullShare: 1 / PRIMARIES,
  });
}

function slowAnswers(one: TrialData): readonly SessionProbe[] {
  return sinceFault(one).filter((probe) => probe.ok && probe.done_ms - probe.sent_ms > 1_000);
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
