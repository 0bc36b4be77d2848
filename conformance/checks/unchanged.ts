import { createHash } from 'node:crypto';
import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { deliver, judged, listed, outcomeOf, proof, table } from './exchange.ts';
import type { Delivered, Probe } from './exchange.ts';
import { jsonObject } from './local-answers.ts';

const BODY = JSON.stringify({ note: 'ünïcode & spaces', values: [1, 2, 3] });
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** What a backend got of one request, beside what was sent. */
export interface Passed {
  readonly method: string;
  readonly target: string;
  readonly bodySha256?: string;
  readonly received?: { readonly method: string; readonly target: string; readonly bodySha256?: string };
}

/** What changed on the way; an empty list when nothing did. */
export function changes({ method, target, bodySha256, received }: Passed): string[] {
  if (!received) return ['did not reach a backend'];
  return [
    ...(received.method === method ? [] : [`method became ${received.method}`]),
    ...(received.target === target ? [] : [`target became ${received.target}`]),
    ...(bodySha256 === undefined || received.bodySha256 === bodySha256 ? [] : ['body changed']),
  ];
}

/** Sends each method to both pools, with a query and, where usual, a body; nothing of it may change. */
export async function methodsUnchanged(context: CaseContext, methods: readonly string[]): Promise<Outcome> {
  const probes = methods.flatMap((method) =>
    ['/api/v1/transparent', '/api/v1/admin/transparent'].map((path): Probe => {
      const body = WITH_BODY.has(method) ? { body: BODY, headers: { 'content-type': 'application/json' } } : {};
      return { client: context.clientFor(path), path: `${path}?method=${method}&text=a%20b%26c`, method, ...body };
    }),
  );
  return judgePassed(
    await deliver(context, probes),
    `${methods.join(', ')} reach both pools with method, query and body unchanged`,
  );
}

/**
 * Sends request targets that a proxy may be tempted to tidy up. `rewrite` false:
 * the backend has to see each of them byte for byte.
 */
export async function targetsUnchanged(context: CaseContext, rewrite: boolean): Promise<Outcome> {
  const targets = ['files/a%2Fb%20c', 'list?k=1&k=2&k=1', 'empty-{m}?', 'caf%C3%A9/%7Euser;v=1', 'plus?q=a+b%2Bc&e='];
  const probes = ['/api/v1/', '/api/v1/admin/'].flatMap((prefix) =>
    targets.map((target): Probe => ({ client: context.clientFor(prefix), path: `${prefix}${target}` })),
  );
  const outcome = judgePassed(
    await deliver(context, probes),
    'every request target reaches the backend byte for byte, with its prefix',
  );
  return rewrite ? { ...outcome, verdict: outcome.verdict === 'conforms' ? 'deviates' : 'conforms' } : outcome;
}

function judgePassed(delivered: readonly Delivered[], expected: string): Outcome {
  const passed = delivered.map(asPassed);
  const wrong = passed.flatMap((one) => {
    const found = changes(one);
    return found.length === 0 ? [] : [`${one.method} ${one.target}: ${found.join(', ')}`];
  });
  const first = delivered.find((_, index) => changes(passed[index]!).length > 0);
  return judged(
    wrong.length === 0,
    expected,
    wrong.length === 0
      ? `${String(passed.length)} requests, all unchanged`
      : `${String(wrong.length)} of ${String(passed.length)}: ${listed(wrong, 3)}`,
    [
      table(
        'sent and received',
        ['sent', 'received', 'status'],
        passed.map((one, index) => [
          `${one.method} ${one.target}`,
          one.received ? `${one.received.method} ${one.received.target}` : 'nothing',
          outcomeOf(delivered[index]!.seen),
        ]),
      ),
      ...(first ? [proof(first)] : []),
    ],
  );
}

function asPassed({ probe, path, seen, arrivals }: Delivered): Passed {
  const arrival = arrivals[0];
  const sent =
    typeof probe.body === 'string' ? { bodySha256: createHash('sha256').update(probe.body).digest('hex') } : {};
  const echoed = jsonObject(seen)?.['bodySha256'];
  return {
    method: probe.method ?? 'GET',
    target: path,
    ...sent,
    ...(arrival
      ? {
          received: {
            method: arrival.method,
            target: arrival.url,
            ...(typeof echoed === 'string' ? { bodySha256: echoed } : {}),
          },
        }
      : {}),
  };
}
