/**
 * One instance after the other gives errors on some paths, or refuses connections.
 * nginx tries a request again when the way it failed stands in proxy_next_upstream,
 * once, and never a POST or PATCH that was sent already unless it is told to.
 */
import { misbehave } from '../../faults/misbehave.ts';
import type { Misbehaviour } from '../../faults/misbehave.ts';
import { configEdit } from '../../faults/config-edit.ts';
import { judgeRetries } from '../../judgements/retries.ts';
import type { RetryPromise } from '../../judgements/retries.ts';
import { loggedRequests } from '../../requests/attempts.ts';
import type { LoggedRequest } from '../../requests/attempts.ts';
import { burst, CUSTOMERS, keepBursts, keptBursts } from '../../requests/burst.ts';
import type { Burst, BurstRequest } from '../../requests/burst.ts';
import { markedPath, repeated } from '../../requests/send.ts';
import { customerReads, PATH } from '../../requests/series.ts';
import { experiment } from '../../runner/experiment.ts';
import type { TrialWatch } from '../../runner/experiment.ts';
import { waitFor } from '../../runner/wait.ts';
import { CUSTOMER_PRIMARIES } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const LOCATION = '/api/v1/';
/** Each meets the bad instance about four times, or until it is left alone. */
const REQUESTS = 16;
/** Sent over and over while the listener closes: about half a second's worth. */
const REQUESTS_AROUND_CLOSING = 40;
/** `fail_timeout` is 10 s; nginx counts whole seconds. After it an ordinary request brings the instance back. */
const PENALTY_MS = 12_000;

/** nginx writes it for a client that closed before it was answered. */
const GAVE_UP = 499;

const RESET = 'resets';
const REFUSED = 'refuses';
const status = (code: number): string => `status ${code}`;

const TRIGGERS = 'production-gateway.failover.retry-triggers';
const NEXT = 'production-gateway.failover.retry-next';
const POST = 'production-gateway.failover.retry-post';
const ALL_METHODS = 'production-gateway.failover.retry-all-methods';

/** A bad instance and what is sent to the pool meanwhile. No instance fails twice within one penalty. */
interface Step {
  readonly victim: string;
  readonly label: string;
  readonly behaviour: Misbehaviour;
  readonly method: string;
}

const answers = (victim: string, code: number, method = 'GET'): Step => ({
  victim,
  label: status(code),
  behaviour: { status: code },
  method,
});
const refuses = (victim: string, method: string): Step => ({
  victim,
  label: REFUSED,
  behaviour: { listening: false },
  method,
});
/**
 * Whoever failed twice is left alone for a while, so rounds are a penalty apart, and in each at least one
 * primary stays good: a second try must find somebody.
 */
const ROUNDS: readonly (readonly Step[])[] = [
  [
    refuses('customer-5', 'GET'),
    answers('customer-1', 404),
    answers('customer-1', 429),
    answers('customer-1', 500),
    answers('customer-1', 502),
    answers('customer-2', 503),
    answers('customer-3', 504),
  ],
  [
    { victim: 'customer-4', label: RESET, behaviour: { reset: true }, method: 'GET' },
    answers('customer-1', 503, 'PUT'),
    answers('customer-2', 503, 'DELETE'),
    answers('customer-3', 503, 'POST'),
  ],
  [refuses('customer-5', 'POST'), answers('customer-4', 503, 'PATCH')],
];

const retried = (label: string, ...methods: string[]): RetryPromise => ({ label, methods, then: 'second try' });
const handedOn = (label: string): RetryPromise => ({ label, methods: ['GET'], then: 'handed on' });
const READ_RETRIES = [RESET, REFUSED, status(502), status(503), status(504)].map((label) => retried(label, 'GET'));
const NOT_SENT_TWICE =
  'nginx does not send a POST or PATCH a second time once a byte of it was sent, unless proxy_next_upstream says non_idempotent';

let bursts: Burst[] = [];

export default experiment({
  title: 'One instance gives errors, refuses or resets',
  hypothesis:
    'A request that meets a bad instance is tried once more elsewhere, and answers that are no failure are handed on.',
  verifies: [TRIGGERS, NEXT, POST, ALL_METHODS],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
  series: (target) => [customerReads(target)],
  method: [],
  blastRadius: [...CUSTOMER_PRIMARIES, GATEWAY],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  sabotage: [configEdit([GATEWAY], 'api/attempts.conf', 'http_502 http_503 http_504', 'http_502')],

  observe: async (watch) => {
    bursts = [];
    for (const [index, round] of ROUNDS.entries()) {
      if (index > 0) await penaltyOver(watch);
      for (const step of round) await take(watch, step);
    }
  },
  recover: async () => {},
  collect: async () => ({ texts: keepBursts(bursts) }),

  predict: ({ nginx }) => {
    const conditions = nginx.directive(LOCATION, 'proxy_next_upstream') ?? 'error timeout';
    const tries = nginx.directive(LOCATION, 'proxy_next_upstream_tries') ?? '0';
    return {
      range_s: [0, 0],
      formula: `tried again, ${tries} tries in all: ${conditions}; POST and PATCH ${
        /\bnon_idempotent\b/.test(conditions) ? 'as well' : 'only when nothing was sent yet'
      }`,
      settings: `proxy_next_upstream ${conditions}; proxy_next_upstream_tries ${tries}`,
    };
  },

  judge: (trials) => {
    const seen = keptBursts(trials);
    return [
      judgeRetries(
        {
          claim: TRIGGERS,
          expected: 'a second try after refusal, reset, 502, 503 and 504, and none after 500, 429 and 404',
          promises: [...READ_RETRIES, handedOn(status(500)), handedOn(status(429)), handedOn(status(404))],
          reason: 'proxy_next_upstream does not list exactly these conditions, or allows no second try',
        },
        seen,
      ),
      judgeRetries(
        {
          claim: NEXT,
          expected: 'every GET that meets the bad instance has two tries and is answered 200',
          promises: READ_RETRIES,
          reason: 'proxy_next_upstream does not list these conditions, or allows no second try',
        },
        seen,
      ),
      judgeRetries(
        {
          claim: POST,
          expected: 'POST and PATCH are tried again as well',
          promises: [retried(status(503), 'POST', 'PATCH'), retried(REFUSED, 'POST')],
          reason: NOT_SENT_TWICE,
        },
        seen,
      ),
      judgeRetries(
        {
          claim: ALL_METHODS,
          expected: 'every method is tried again after a 503, and after a refused connection',
          promises: [retried(status(503), 'GET', 'PUT', 'DELETE', 'POST', 'PATCH'), retried(REFUSED, 'GET', 'POST')],
          reason: NOT_SENT_TWICE,
        },
        seen,
      ),
    ];
  },
});

async function penaltyOver(watch: TrialWatch): Promise<void> {
  const from_ms = watch.now_ms();
  await waitFor('the penalty of the last failure', PENALTY_MS + 1_000, () => watch.now_ms() - from_ms >= PENALTY_MS);
}

/** One instance is bad on the paths of this burst. A closed listener is bad for everybody, so it closes during its burst. */
async function take(watch: TrialWatch, { victim, label, behaviour, method }: Step): Promise<void> {
  const mark = markedPath(`${method.toLowerCase()}-${label.replace(/\W/g, '-')}`);
  const what = { label, victim, mark };
  if (behaviour.listening === false) {
    const fault = misbehave([victim], behaviour);
    // nginx leaves an instance alone after two failures, and the reads of the series may be those two.
    const reads = async (): Promise<readonly LoggedRequest[]> =>
      loggedRequests(watch.target, GATEWAY, `"${PATH}"`, 0, CUSTOMERS);
    const before = (await reads()).length;
    const closing = settled(watch.inject(fault));
    const seen: BurstRequest[] = [];
    do {
      const path = `${mark}/${seen.length}`;
      const around = { ...what, mark: path };
      seen.push(
        ...(await burst(watch.target, GATEWAY, around, repeated(REQUESTS_AROUND_CLOSING, method, path))).requests,
      );
    } while (!closing.done());
    await closing.promise;
    seen.push(...(await reads()).slice(before).map((one) => ({ ...one, tried: one.upstreams })));
    // Answered by the victim alone: before it closed. Accepted by it and never answered, so that the client gave up
    // (the listener closed between the two): that is no refusal.
    const byVictim = ({ tried }: BurstRequest): boolean => tried.length === 1 && tried[0] === victim;
    const after = seen.filter((one) => !(byVictim(one) && [200, 0, GAVE_UP].includes(one.status)));
    bursts.push({ label, victim, requests: after });
    return watch.revert(fault);
  }
  const fault = misbehave([victim], { ...behaviour, paths: [mark] });
  await watch.inject(fault);
  bursts.push(await burst(watch.target, GATEWAY, what, repeated(REQUESTS, method, mark)));
  await watch.revert(fault);
}

/** Work that goes on beside other work, and whether it has ended. */
function settled(promise: Promise<unknown>): { readonly promise: Promise<unknown>; done(): boolean } {
  let done = false;
  const end = (): void => {
    done = true;
  };
  promise.then(end, end);
  return { promise, done: () => done };
}
