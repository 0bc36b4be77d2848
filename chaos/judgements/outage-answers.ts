/** What clients are told while a pool is down. */
import { quantile } from '../../measurement/statistics.ts';
import type { ClaimJudgement } from '../runner/experiment.ts';

export interface OutageAnswer {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly time_s: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

/** What each answer must have; what is absent is not looked at. */
export interface OutagePromise {
  readonly status?: number;
  /** Possible values of Retry-After. */
  readonly retryAfter_s?: readonly number[];
  /** Content-Type is application/json, once. */
  readonly json?: boolean;
  readonly body?: {
    readonly success?: boolean;
    readonly code?: string;
    readonly retryAfter?: number;
    /** Names a page about the service's state. */
    readonly statusPage?: boolean;
  };
  /** A JSON body with status healthy and an ISO timestamp. */
  readonly healthy?: boolean;
  /** Median of the whole request, ms: single ones wait when the machine is busy. */
  readonly within_ms?: number;
}

interface Document {
  readonly success?: boolean;
  readonly error?: { readonly code?: string; readonly retryAfter?: number };
  readonly statusPage?: string;
  readonly status?: string;
  readonly timestamp?: string;
}

/** @param outage whether requests of the pool failed at all: without, nothing is shown */
export function judgeOutageAnswers(
  outage: boolean,
): (claim: string, answers: readonly OutageAnswer[], promise: OutagePromise, reason: string) => ClaimJudgement {
  return (claim, answers, promise, reason) => {
    const faults = answers.map((answer) => faultsOf(answer, promise));
    const late_ms = quantile(
      answers.map(({ time_s }) => time_s * 1000),
      0.5,
    );
    const slow = promise.within_ms !== undefined && answers.length > 0 && late_ms >= promise.within_ms;
    const wrong = faults.filter((one) => one.length > 0).length;
    const common = {
      claim,
      expected: describePromise(promise),
      observed:
        answers.length === 0
          ? 'no answer'
          : `${answers.length - wrong} of ${answers.length} as promised` +
            (wrong > 0 ? ` (${[...new Set(faults.flat())].join('; ')})` : '') +
            (promise.within_ms === undefined ? '' : `; median ${late_ms.toFixed(0)} ms`),
      evidence: answers.slice(0, 1).map((answer) => ({
        kind: 'exchange' as const,
        title: 'While no instance accepts connections',
        request: `${answer.method} ${answer.path}`,
        response: [
          String(answer.status),
          ...Object.entries(answer.headers).map(([name, values]) => `${name}: ${values.join(', ')}`),
          '',
          answer.body,
        ].join('\n'),
      })),
    };
    if (!outage || answers.length === 0)
      return { ...common, verdict: 'inconclusive', reason: 'the pool was not seen down' };
    if (wrong > 0) return { ...common, verdict: 'deviates', reason };
    return slow
      ? { ...common, verdict: 'inconclusive', reason: 'answers were slow: the machine was busy, or the gateway is' }
      : { ...common, verdict: 'conforms' };
  };
}

/** What is wrong with one answer, in words. */
export function faultsOf(answer: OutageAnswer, promise: OutagePromise): readonly string[] {
  const document = documentOf(answer.body);
  const retryAfter = answer.headers['retry-after'] ?? [];
  const type = answer.headers['content-type'] ?? [];
  const { status, retryAfter_s, json, body, healthy } = promise;
  const checks: readonly (readonly [broken: boolean, what: string])[] = [
    [status !== undefined && answer.status !== status, `status ${answer.status}`],
    [
      retryAfter_s !== undefined && !(retryAfter.length === 1 && retryAfter_s.includes(Number(retryAfter[0]))),
      `Retry-After ${retryAfter.join(', ') || 'absent'}`,
    ],
    [
      json === true && !(type.length === 1 && /^application\/json\b/.test(type[0] ?? '')),
      `Content-Type ${type.join(', ')}`,
    ],
    [(body !== undefined || healthy === true) && !document, 'a body that is no JSON object'],
    [body?.success !== undefined && document?.success !== body.success, 'no success: false'],
    [
      body?.code !== undefined && document?.error?.code !== body.code,
      `error code ${document?.error?.code ?? 'absent'}`,
    ],
    [body?.retryAfter !== undefined && document?.error?.retryAfter !== body.retryAfter, 'no retryAfter in the body'],
    [body?.statusPage === true && !/^https:\/\//.test(document?.statusPage ?? ''), 'no statusPage'],
    [healthy === true && document?.status !== 'healthy', 'not healthy'],
    [healthy === true && !/^\d{4}-\d\d-\d\dT/.test(document?.timestamp ?? ''), 'no ISO timestamp'],
  ];
  return checks.filter(([broken]) => broken).map(([, what]) => what);
}

function describePromise({ status, retryAfter_s, json, body, healthy, within_ms }: OutagePromise): string {
  const parts = [
    ...(status === undefined ? [] : [`status ${status}`]),
    ...(retryAfter_s === undefined ? [] : [`Retry-After ${retryAfter_s.join(' or ')}`]),
    ...(json ? ['Content-Type application/json'] : []),
    ...(body
      ? [
          `a JSON body with ${Object.entries(body)
            .map(([name, value]) => (value === true ? name : `${name} ${String(value)}`))
            .join(', ')}`,
        ]
      : []),
    ...(healthy ? ['status healthy with an ISO timestamp'] : []),
    ...(within_ms === undefined ? [] : [`in under ${within_ms} ms`]),
  ];
  return parts.join(', ');
}

function documentOf(body: string): Document | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}
