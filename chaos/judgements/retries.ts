/** Whether requests that met a bad instance were tried again. */
import type { Evidence } from '../../reports/record/types.ts';
import type { ClaimJudgement } from '../runner/experiment.ts';
import { met } from '../requests/burst.ts';
import type { Burst, BurstRequest } from '../requests/burst.ts';

/** What is promised about requests with these methods at an instance that does this. */
export interface RetryPromise {
  readonly label: string;
  readonly methods: readonly string[];
  /** Tried again at one more instance and answered there, or handed on as they are. */
  readonly then: 'second try' | 'handed on';
}

export interface RetryClaim {
  readonly claim: string;
  readonly expected: string;
  readonly promises: readonly RetryPromise[];
  /** The mechanism of a deviation. */
  readonly reason: string;
}

interface Finding {
  readonly what: string;
  readonly met: number;
  readonly kept: number;
}

/** Conforms when each promise was met by some request and kept by all of them; deviates when one was broken. */
export function judgeRetries(
  { claim, expected, promises, reason }: RetryClaim,
  bursts: readonly Burst[],
): ClaimJudgement {
  const findings = promises.flatMap((promise) => promise.methods.map((method) => find(promise, method, bursts)));
  const broken = findings.filter((one) => one.kept < one.met);
  const unmet = findings.filter((one) => one.met === 0);
  const common = {
    claim,
    expected,
    observed: findings.map((one) => `${one.what} ${one.kept} of ${one.met}`).join(', '),
    evidence: [tableOf(bursts)],
  };
  if (broken.length > 0) return { ...common, verdict: 'deviates', reason };
  if (unmet.length > 0)
    return {
      ...common,
      verdict: 'inconclusive',
      reason: `no request met the bad instance: ${unmet.map(({ what }) => what).join(', ')}`,
    };
  return { ...common, verdict: 'conforms' };
}

function find(promise: RetryPromise, method: string, bursts: readonly Burst[]): Finding {
  const own = bursts.filter(({ label }) => label === promise.label);
  const seen = own.flatMap((one) =>
    met(one)
      .filter((request) => request.method === method)
      .map((request) => (promise.then === 'second try' ? rescued(one.victim, request) : request.tried.length === 1)),
  );
  return { what: `${method} at ${promise.label}:`, met: seen.length, kept: seen.filter(Boolean).length };
}

/** The victim came first, one more instance answered. */
function rescued(victim: string, { status, tried }: BurstRequest): boolean {
  return status === 200 && tried.length === 2 && tried[0] === victim;
}

/** Every burst as a line of a table. */
export function tableOf(bursts: readonly Burst[]): Evidence {
  return {
    kind: 'table',
    title: 'Requests that met the bad instance',
    columns: ['instance', 'does', 'method', 'sent', 'met it', 'tried twice', 'answers'],
    rows: bursts.flatMap((one) =>
      [...new Set(one.requests.map(({ method }) => method))].map((method) => {
        const own = one.requests.filter((request) => request.method === method);
        const hit = own.filter(({ tried }) => tried.includes(one.victim));
        return [
          one.victim,
          one.label,
          method,
          own.length,
          hit.length,
          hit.filter(({ tried }) => tried.length > 1).length,
          counted(hit.map(({ status }) => String(status))),
        ];
      }),
    ),
  };
}

function counted(texts: readonly string[]): string {
  const kinds = [...new Set(texts)].toSorted();
  return kinds.map((kind) => `${texts.filter((text) => text === kind).length} × ${kind}`).join(', ');
}
