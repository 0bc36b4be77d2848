/**
 * All customer instances answer 502, 503 or 504 on some paths, with a body of their
 * own. nginx tries a second instance and hands the second answer on; error_page only
 * sees what nginx itself answers, unless a backend's answers are looked at as well.
 */
import { configEdit } from '../../faults/config-edit.ts';
import { misbehave } from '../../faults/misbehave.ts';
import { CUSTOMERS } from '../../requests/burst.ts';
import { loggedRequests } from '../../requests/attempts.ts';
import { markedPath, repeated, sendInTurn } from '../../requests/send.ts';
import { customerReads } from '../../requests/series.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { CUSTOMER_PRIMARIES } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const LOCATION = '/api/v1/';
const STATUSES: readonly number[] = [502, 503, 504];
const METHODS: readonly string[] = ['GET', 'POST'];
const OWN_BODY = '{"from":"the backend"}';

const TWO = 'production-gateway.failover.retry-at-most-2';
const REPLACED = 'production-gateway.error-responses.backend-generated-errors';
const DOCUMENT = 'production-gateway.failover.upstream-returned-errors';

/** One request to a pool that only has errors. */
export interface ErrorSeen {
  readonly backend: number;
  readonly method: string;
  readonly status: number;
  readonly tries: number;
  readonly body: string;
}

const KEPT_AS = 'answers';
let seen: ErrorSeen[] = [];

export default experiment({
  title: 'All customer instances answer with errors',
  hypothesis:
    'A request is tried at two instances at most, and clients get the fallback document in place of the error of a backend.',
  verifies: [TWO, REPLACED, DOCUMENT],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500, answering: CUSTOMER_PRIMARIES },
  series: (target) => [customerReads(target)],
  method: [],
  blastRadius: [...CUSTOMERS, GATEWAY],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  sabotage: [configEdit([GATEWAY], 'api/attempts.conf', 'proxy_next_upstream_tries 2', 'proxy_next_upstream_tries 4')],

  observe: async (watch) => {
    seen = [];
    for (const backend of STATUSES) {
      const mark = markedPath(`all-${backend}`);
      const fault = misbehave(CUSTOMERS, {
        status: backend,
        body: OWN_BODY,
        contentType: 'application/json',
        paths: [mark],
      });
      await watch.inject(fault);
      const requests = METHODS.flatMap((method) => repeated(1, method, mark));
      const answers = await sendInTurn(watch.target, requests);
      const logged = await loggedRequests(watch.target, GATEWAY, `${mark}/`, requests.length, CUSTOMERS);
      for (const { request, status, body } of answers) {
        const tries = logged.find(({ method }) => method === request.method)?.upstreams.length ?? 0;
        if (status !== 200) seen.push({ backend, method: request.method, status, tries, body: body.slice(0, 300) });
      }
      await watch.revert(fault);
    }
  },
  recover: async () => {},
  collect: async () => ({ texts: { [KEPT_AS]: seen.map((one) => JSON.stringify(one)) } }),

  predict: ({ nginx }) => {
    const tries = nginx.directive(LOCATION, 'proxy_next_upstream_tries') ?? '0';
    return {
      range_s: [0, 0],
      formula: `${tries} tries, then the last answer`,
      settings: `proxy_next_upstream_tries ${tries}`,
    };
  },

  judge: (trials) => {
    const answers = answersOf(trials);
    return [judgeTries(answers), judgeReplaced(REPLACED, answers), judgeReplaced(DOCUMENT, answers)];
  },
});

function answersOf(trials: readonly TrialData[]): readonly ErrorSeen[] {
  return trials
    .filter(({ trial }) => trial.valid)
    .flatMap(({ collected }) => collected[KEPT_AS] ?? [])
    .map((line) => JSON.parse(line) as ErrorSeen);
}

function judgeTries(answers: readonly ErrorSeen[]): ClaimJudgement {
  const reads = answers.filter(({ method }) => method === 'GET');
  const most = Math.max(0, ...answers.map(({ tries }) => tries));
  const common = {
    claim: TWO,
    expected: 'two tries of a GET that fails everywhere, and never more',
    observed: describe(answers),
    evidence: [],
  };
  if (reads.length < STATUSES.length) return { ...common, verdict: 'inconclusive', reason: 'not every error was met' };
  if (most > 2)
    return { ...common, verdict: 'deviates', reason: 'proxy_next_upstream_tries lets a request have more tries' };
  if (reads.some(({ tries }) => tries < 2))
    return { ...common, verdict: 'inconclusive', reason: 'a request had no second try, so its limit did not show' };
  return { ...common, verdict: 'conforms' };
}

/** Replaced: 503 with the document of the fallback, nothing of the backend's own body. */
export function judgeReplaced(claim: string, answers: readonly ErrorSeen[]): ClaimJudgement {
  const common = {
    claim,
    expected: `503 with error code SERVICE_UNAVAILABLE in place of the backends' own ${STATUSES.join(', ')}, for GET and POST`,
    observed: describe(answers),
    evidence: [],
  };
  if (answers.length < STATUSES.length * METHODS.length)
    return { ...common, verdict: 'inconclusive', reason: 'not every error was met' };
  const handedOn = answers.filter(({ status, body }) => status !== 503 || codeOf(body) !== 'SERVICE_UNAVAILABLE');
  if (handedOn.length === 0) return { ...common, verdict: 'conforms' };
  const reason =
    "error_page sees errors of nginx's own; a backend's answer is handed on as it is unless proxy_intercept_errors is on";
  return { ...common, verdict: 'deviates', reason };
}

function describe(answers: readonly ErrorSeen[]): string {
  const texts = answers.map(
    ({ backend, method, status, tries, body }) =>
      `${method} at ${backend}: ${tries} tries, ${status} with ${body === OWN_BODY ? "the backend's body" : `code ${codeOf(body) ?? 'none'}`}`,
  );
  return texts.join('; ') || 'no request met an error';
}

function codeOf(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: { code?: string } };
    return error?.code;
  } catch {
    return undefined;
  }
}
