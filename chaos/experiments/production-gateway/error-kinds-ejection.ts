/**
 * Five instances, each with an error of its own: 500, 501, 502, 503, 504. Which of
 * them nginx leaves alone shows what it counts as a failure: an answer only counts
 * when it stands in proxy_next_upstream and the request may be tried again.
 */
import { configEdit } from '../../faults/config-edit.ts';
import { misbehave } from '../../faults/misbehave.ts';
import { burst, keepBursts, keptBursts, met } from '../../requests/burst.ts';
import type { Burst } from '../../requests/burst.ts';
import { markedPath, repeated } from '../../requests/send.ts';
import { customerReads } from '../../requests/series.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialWatch } from '../../runner/experiment.ts';
import { waitFor } from '../../runner/wait.ts';
import { tableOf } from '../../judgements/retries.ts';
import { CUSTOMER_PRIMARIES } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const LOCATION = '/api/v1/';
const STATUSES: readonly number[] = [500, 501, 502, 503, 504];
const METHODS = ['GET', 'POST'] as const;
const instanceOf = (status: number): string => `customer-${STATUSES.indexOf(status) + 1}`;
/** An instance in rotation is met by a fifth of them or more. */
const REQUESTS = 60;
/** One that is left alone has no request in so many of the last; one in rotation is missed by all of them once in 3,000. */
const LAST = 36;
/** `fail_timeout` is 10 s, in whole seconds; then an ordinary request brings the instance back. */
const PENALTY_MS = 12_000;

const ALL_5XX = 'production-gateway.health.passive-5xx';
const ALL_ERRORS = 'production-gateway.failover.passive-ejection-all-errors';
const REASON =
  'nginx counts an answer as a failure only when it tries the request again for it: 500 and 501 are not in proxy_next_upstream, and a POST is not tried again';

let bursts: Burst[] = [];

export default experiment({
  title: 'Five instances with five kinds of errors',
  hypothesis: 'An instance that answers 5xx is taken out of rotation, whatever the status and the method.',
  verifies: [ALL_5XX, ALL_ERRORS],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500, answering: CUSTOMER_PRIMARIES },
  series: (target) => [customerReads(target)],
  method: [],
  blastRadius: [...STATUSES.map(instanceOf), GATEWAY],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  sabotage: [configEdit([GATEWAY], 'upstreams/customer.conf', 'max_fails=2', 'max_fails=0')],

  observe: async (watch) => {
    bursts = [];
    await round(watch, 'GET');
    const from_ms = watch.now_ms();
    await waitFor('the penalties', PENALTY_MS + 1_000, () => watch.now_ms() - from_ms >= PENALTY_MS);
    await round(watch, 'POST');
  },
  recover: async () => {},
  collect: async () => ({ texts: keepBursts(bursts) }),

  predict: ({ nginx }) => {
    const conditions = nginx.directive(LOCATION, 'proxy_next_upstream') ?? 'error timeout';
    const counted = STATUSES.filter((status) => conditions.includes(`http_${status}`));
    return {
      range_s: [0, 0],
      formula: `counted as failures: ${counted.join(', ')}; of a POST ${/non_idempotent/.test(conditions) ? 'the same' : 'none'}`,
      settings: `proxy_next_upstream ${conditions}`,
    };
  },

  judge: (trials) => {
    const seen = keptBursts(trials);
    return [judgeKinds(ALL_5XX, STATUSES, seen), judgeKinds(ALL_ERRORS, [500, 503], seen)];
  },
});

/** All instances are bad on one path each, then requests of one method go to all paths alike. */
async function round(watch: TrialWatch, method: (typeof METHODS)[number]): Promise<void> {
  const mark = markedPath(`kinds-${method.toLowerCase()}`);
  const faults = STATUSES.map((status) => misbehave([instanceOf(status)], { status, paths: [mark] }));
  for (const fault of faults) await watch.inject(fault);
  const sent = await burst(
    watch.target,
    GATEWAY,
    { label: method, victim: '', mark },
    repeated(REQUESTS, method, mark),
  );
  for (const status of STATUSES) bursts.push({ ...sent, label: `status ${status}`, victim: instanceOf(status) });
  for (const fault of faults) await watch.revert(fault);
}

/** Taken out: tried, and by none of the last requests. */
export function judgeKinds(claim: string, statuses: readonly number[], bursts: readonly Burst[]): ClaimJudgement {
  const found = statuses.flatMap((status) =>
    METHODS.flatMap((method) =>
      bursts
        .filter((one) => one.label === `status ${status}` && one.requests[0]?.method === method)
        .map((one) => ({
          what: `${status} to ${method}`,
          tried: met(one).length,
          out: met({ ...one, requests: one.requests.slice(-LAST) }).length === 0,
        })),
    ),
  );
  const left = found.filter(({ tried, out }) => tried > 0 && !out);
  const common = {
    claim,
    expected: `an instance that answers ${statuses.join(', ')} is left alone after its failures, for GET and POST`,
    observed: found
      .map(({ what, tried, out }) => `${what}: ${tried} tries, ${out ? 'then none' : 'to the end'}`)
      .join('; '),
    evidence: [tableOf(bursts)],
  };
  if (left.length > 0) return { ...common, verdict: 'deviates', reason: REASON };
  if (found.length < statuses.length * METHODS.length || found.some(({ tried }) => tried === 0))
    return { ...common, verdict: 'inconclusive', reason: 'not every kind of error was met' };
  return { ...common, verdict: 'conforms' };
}
