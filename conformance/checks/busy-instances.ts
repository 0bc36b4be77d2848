import type { CaseContext, CaseReplica } from '../context.ts';
import type { Client, Gateway } from '../gateway.ts';
import { inconclusive } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { ADMIN_PATH, CUSTOMER_PATH, inWords, judgeSequence, servedBy } from './balancing.ts';
import { deliver, judged, listed, table } from './exchange.ts';
import type { Delivered } from './exchange.ts';

/** As {@link servedBy}, for requests that have to be answered with 200. */
function answeredBy(one: Delivered): string {
  return one.seen.status === 200 ? servedBy(one) : servedBy({ arrivals: [], seen: one.seen });
}

/** A burst of requests that keeps every instance busy but one: whoever got the short one is free when the quick ones come. */
const HOLD_MS = 2500;
const SHORT_MS = 250;
const QUICK_FROM_MS = 750;
const QUICK = 10;
/** So many of them have to fall into the time that counts. */
const ENOUGH = 4;

/** What came of requests that were held, and of quick ones meanwhile. */
export interface LeastBusy {
  readonly held: readonly string[];
  /** The instance that is done with its request before the quick ones come. */
  readonly free: string;
  readonly quick: readonly string[];
  /** Why the measurement says nothing: requests that came late. */
  readonly late?: string;
}

/** Holds one request on each instance, releases one, and sends quick requests while the others are busy. */
export async function leastBusy(
  context: CaseContext,
  replica: Pick<CaseReplica, 'gateway'>,
  instances: number,
): Promise<LeastBusy> {
  const client = (): Client => context.clientFor(CUSTOMER_PATH, replica.gateway);
  const held = Array.from({ length: instances }, (_, index) => ({
    client: client(),
    path: CUSTOMER_PATH,
    at_ms: 40 * index,
    behave: { delay_ms: index === instances - 1 ? SHORT_MS : HOLD_MS },
  }));
  const one = client();
  const quick = Array.from({ length: QUICK }, () => ({
    client: one,
    path: CUSTOMER_PATH,
    at_ms: QUICK_FROM_MS,
    connection: 'quick',
    preconnect: true,
  }));
  const delivered = await deliver(context, [...held, ...quick]);
  const [holding, short, fast] = [
    delivered.slice(0, instances - 1),
    delivered[instances - 1],
    delivered.slice(instances),
  ];
  if (!short) throw new Error('no request was held');
  const free_ms = Math.max(short.seen.done_ms, ...holding.map(({ seen }) => (seen.sent_ms ?? Infinity) + SHORT_MS));
  const released_ms = Math.min(...holding.map(({ seen }) => seen.done_ms));
  // On a busy machine the last quick ones may come when the others are free again: they say nothing.
  const during = fast.filter(({ seen }) => (seen.sent_ms ?? 0) >= free_ms && seen.done_ms <= released_ms);
  const begun = (one: Delivered): number => one.arrivals.at(-1)?.at ?? 0;
  const together = holding.every((one) => begun(one) < begun(short) + SHORT_MS);
  const late = !together
    ? 'the slow requests did not overlap'
    : `${String(during.length)} of ${String(QUICK)} quick requests fell between ${String(Math.round(free_ms))} and ${String(Math.round(released_ms))} ms, while the others were held`;
  return {
    held: [...holding, short].map(answeredBy),
    free: answeredBy(short),
    quick: during.map(answeredBy),
    ...(!together || during.length < ENOUGH ? { late } : {}),
  };
}

/** Judges that each held request met an idle instance, and each quick one the only idle one. */
export function judgeLeastBusy({ held, free, quick, late }: LeastBusy): Outcome {
  const expected = `${String(held.length)} slow requests on ${String(held.length)} instances, then all quick ones on the only idle one`;
  const observed = `slow ones on ${listed(held, 6)}; idle ${free}; quick ones: ${inWords(quick)}`;
  const evidence = [
    table(
      'who served the slow and the quick requests',
      ['request', 'served by'],
      [
        ...held.map((name, index) => [index === held.length - 1 ? 'slow, released first' : 'slow', name]),
        ...quick.map((name) => ['quick', name]),
      ],
    ),
  ];
  const failed = held.find((name) => name.startsWith('none'));
  if (failed !== undefined)
    return judged(false, expected, observed, evidence, `a slow request was not answered: ${failed}`);
  const distinct = new Set(held).size === held.length;
  const holds = distinct && quick.every((name) => name === free);
  if (late === undefined)
    return judged(holds, expected, observed, evidence, 'instances are chosen without regard to their active requests');
  return { verdict: 'inconclusive', expected, observed, reason: late, evidence };
}

/** What came of quick requests while one instance was busy with a slow one. */
export interface OneBusy {
  /** Who served the slow request, then the quick ones. */
  readonly sequence: readonly string[];
  /** Why the measurement says nothing. */
  readonly late?: string;
}

/** One slow request and a few quick ones: together one turn of the documented weights. */
const BUSY_MS = 2000;
const BEGIN_MS = 400;
const WHILE_BUSY = 4;

/** Keeps one instance of the admin pool busy, and sends quick requests meanwhile. */
export async function oneBusy(context: CaseContext, gateway: Gateway): Promise<OneBusy> {
  const quick = context.clientFor(ADMIN_PATH, gateway);
  const delivered = await deliver(context, [
    {
      client: context.clientFor(ADMIN_PATH, gateway),
      path: ADMIN_PATH,
      preconnect: true,
      behave: { delay_ms: BUSY_MS },
    },
    ...Array.from({ length: WHILE_BUSY }, () => ({
      client: quick,
      path: ADMIN_PATH,
      at_ms: BEGIN_MS,
      connection: 'while-busy',
      preconnect: true,
    })),
  ]);
  const [slow, ...others] = delivered;
  if (!slow) throw new Error('no request was held');
  const begun = (one: Delivered): number => one.arrivals.at(-1)?.at ?? 0;
  const apart = others.some((one) => one.seen.done_ms > slow.seen.done_ms || begun(one) < begun(slow));
  return {
    sequence: delivered.map(answeredBy),
    ...(apart ? { late: 'the quick requests did not all fall into the time of the slow one' } : {}),
  };
}

/** Judges that a busy instance keeps its turns: weights decide, not active requests. */
export function judgeOneBusy(
  weights: readonly (readonly [name: string, weight: number])[],
  { sequence, late }: OneBusy,
): Outcome {
  const { reason, ...order } = judgeSequence(weights, sequence);
  const expected = `while the first instance is busy, ${order.expected}`;
  const observed = `while ${sequence[0] ?? ''} was busy, ${order.observed}`;
  if (late !== undefined) return inconclusive(expected, observed, late, order.evidence);
  return { ...order, expected, observed, ...(reason === undefined ? {} : { reason }) };
}
