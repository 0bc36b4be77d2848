/**
 * All five customer primaries die at the same instant; the backup is idle and well.
 * A request is tried at two instances at most, and both may be dead ones: until each
 * of the five has failed twice (`max_fails`), requests end with an error.
 */
import { containerKill } from '../../faults/container-kill.ts';
import { together } from '../../faults/together.ts';
import { answeredBy, tellCounts } from '../../judgements/answered-by.ts';
import { judgeInvisible } from '../../judgements/failures.ts';
import type { SessionProbe } from '../../prober/session.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { seconds } from '../../runner/settings.ts';
import { pause } from '../../runner/wait.ts';
import { CUSTOMER_PRIMARIES, customerSeries } from '../../traffic/api-series.ts';
import { withoutSecondTry } from '../../traffic/sabotage.ts';

const GATEWAY = 'gateway-1';
const BACKUP = 'customer-6';
const ALL_LOST = 'production-gateway.failover.all-primaries-lost';
const TAKEOVER = 'production-gateway.failover.backup-takeover';
const WINDOW_MS = 12_000;
const UPSTREAM = 'customer_backend';
const LOCATION = '/api/v1/';
const MECHANISM =
  'a request is tried at two instances at most (proxy_next_upstream_tries); while primaries are not yet marked down ' +
  'both are dead ones, and the request ends with 502, 503 or 504 though the backup is well';

export default experiment({
  title: 'Losing all five customer primaries',
  hypothesis: 'The backup takes over, and clients notice nothing.',
  verifies: [TAKEOVER, ALL_LOST],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800, answering: CUSTOMER_PRIMARIES },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 40, timeout_ms: 12_000 })],
  method: [
    together(
      `container-kill ${CUSTOMER_PRIMARIES.join(', ')}`,
      CUSTOMER_PRIMARIES.map((one) => containerKill(one, { seenFrom: GATEWAY, healthPath: '/health' })),
    ),
  ],
  sabotage: withoutSecondTry(GATEWAY),
  blastRadius: [...CUSTOMER_PRIMARIES, GATEWAY],
  limit_s: 0,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async () => pause(WINDOW_MS),
  recover: async () => {},
  predict: ({ nginx }) => {
    const tries = Number(nginx.directive(LOCATION, 'proxy_next_upstream_tries') ?? 0);
    const connect_s = seconds(nginx.directive(LOCATION, 'proxy_connect_timeout') ?? '60s');
    const primaries = nginx.servers(UPSTREAM).filter((server) => !server.backup);
    const few = tries > 0 && tries <= primaries.length;
    return {
      range_s: few ? [0, connect_s * Math.max(1, tries)] : [0, 0],
      formula: few
        ? 'requests fail until every primary has failed max_fails times; each failure is told after the connect time-out at the latest'
        : 'more tries than primaries: each request reaches the backup',
      settings: `proxy_next_upstream_tries ${tries}; proxy_connect_timeout ${connect_s}s; max_fails=${primaries[0]?.maxFails ?? 1}`,
    };
  },
  judge: (trials) => [judge(trials, TAKEOVER), judge(trials, ALL_LOST)],
});

/** Answers that the gateway makes when it gives up: no busy machine makes them. */
const GIVEN_UP = ['status-502', 'status-503', 'status-504'];

function judge(trials: readonly TrialData[], claim: string): ClaimJudgement {
  const expected = `no failed request while ${CUSTOMER_PRIMARIES.join(', ')} are lost together and ${BACKUP} is well`;
  const judged = judgeInvisible(trials, { claim, expected, mechanism: MECHANISM });
  const served = trials.map((one) => answeredBy(one.probes, one.trial.fault.injected_ms, one.trial.fault.reverted_ms));
  const observed = `${judged.observed}; answered meanwhile: ${served.map(tellCounts).join('; ')}`;
  const refusals = trials.filter((one) => one.trial.valid).flatMap(givenUp);
  const clean = trials.every((one) => one.before.every((probe) => probe.ok));
  if (refusals.length === 0 || !clean) return { ...judged, observed };
  return { ...judged, observed, verdict: 'deviates', reason: MECHANISM };
}

function givenUp(one: TrialData): readonly SessionProbe[] {
  const { injected_ms, reverted_ms } = one.trial.fault;
  return one.probes.filter(
    (probe) => GIVEN_UP.includes(probe.kind) && probe.done_ms > injected_ms && probe.sent_ms < reverted_ms,
  );
}
