/**
 * Every customer instance, the spare too, closes its listener. nginx answers 502 by
 * itself, first after two refusals, then without asking anybody. What clients get
 * for it is a question of error_page; the gateway's own /health asks no backend.
 */
import { configEdit } from '../../faults/config-edit.ts';
import { misbehave } from '../../faults/misbehave.ts';
import { judgeOutageAnswers } from '../../judgements/outage-answers.ts';
import type { OutageAnswer } from '../../judgements/outage-answers.ts';
import { CUSTOMERS } from '../../requests/burst.ts';
import { markedPath, repeated, sendInTurn } from '../../requests/send.ts';
import { customerReads } from '../../requests/series.ts';
import { experiment } from '../../runner/experiment.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { CUSTOMER_PRIMARIES } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const READS = 10;
const WRITES: readonly string[] = ['POST', 'PUT', 'DELETE', 'PATCH'];
const HEALTH_LIMIT_MS = 50;

const JSON_BODY = 'production-gateway.error-responses.outage-json';
const STATUS = 'production-gateway.error-responses.outage-status';
const NON_GET = 'production-gateway.error-responses.outage-non-get';
const FALLBACK = 'production-gateway.failover.fallback-503-json';
const HEADERS = 'production-gateway.failover.fallback-headers';
const HEALTH = 'production-gateway.health.gateway-health';

const KEPT_AS = 'answers during the outage';
const NO_PAGE = 'the complete configuration has no error_page: nginx sends its own HTML page with 502';
let answers: OutageAnswer[] = [];

export default experiment({
  title: 'No customer instance accepts connections',
  hypothesis:
    'While the customer pool is down clients get the maintenance document, and the gateway itself stays healthy.',
  verifies: [JSON_BODY, STATUS, NON_GET, FALLBACK, HEADERS, HEALTH],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500, answering: CUSTOMER_PRIMARIES },
  series: (target) => [customerReads(target)],
  method: [misbehave(CUSTOMERS, { listening: false })],
  blastRadius: [...CUSTOMERS, GATEWAY],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  sabotage: [
    configEdit([GATEWAY], 'api/errors.conf', '"statusPage":"https://status.insightserenity.com"', '"statusPage":""'),
  ],

  observe: async ({ target }) => {
    answers = [];
    const mark = markedPath('outage');
    const requests = [
      ...repeated(READS, 'GET', mark),
      ...WRITES.flatMap((method) => repeated(2, method, mark)),
      ...Array.from({ length: READS }, () => ({ method: 'GET', path: '/health' })),
    ];
    for (const { request, status, time_s, headers, body } of await sendInTurn(target, requests))
      answers.push({ method: request.method, path: request.path, status, time_s, headers, body: body.slice(0, 500) });
  },
  recover: async () => {},
  collect: async () => ({ texts: { [KEPT_AS]: answers.map((one) => JSON.stringify(one)) } }),

  judge: (trials) => {
    const seen = keptAnswers(trials);
    const api = seen.filter(({ path }) => path !== '/health');
    const reads = api.filter(({ method }) => method === 'GET');
    const writes = api.filter(({ method }) => method !== 'GET');
    const health = seen.filter(({ path }) => path === '/health');
    const failed = trials.some(({ trial }) => trial.valid && trial.failedRequests > 0);
    const judge = judgeOutageAnswers(failed);
    const maintenance = { success: false, code: 'SERVICE_UNAVAILABLE', retryAfter: 60, statusPage: true };
    return [
      judge(JSON_BODY, reads, { body: maintenance }, NO_PAGE),
      judge(STATUS, reads, { status: 503, retryAfter_s: [30, 60] }, NO_PAGE),
      judge(NON_GET, writes, { status: 503, body: maintenance }, NO_PAGE),
      judge(FALLBACK, reads, { status: 503, body: { code: 'SERVICE_UNAVAILABLE' } }, NO_PAGE),
      judge(HEADERS, reads, { status: 503, retryAfter_s: [30], json: true }, NO_PAGE),
      judge(HEALTH, health, { status: 200, healthy: true, within_ms: HEALTH_LIMIT_MS }, '/health depends on a backend'),
    ];
  },
});

function keptAnswers(trials: readonly TrialData[]): readonly OutageAnswer[] {
  return trials
    .filter(({ trial }) => trial.valid)
    .flatMap(({ collected }) => collected[KEPT_AS] ?? [])
    .map((line) => JSON.parse(line) as OutageAnswer);
}
