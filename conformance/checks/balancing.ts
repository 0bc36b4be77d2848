import type { Evidence } from '../../reports/record/types.ts';
import type { CaseContext, CaseReplica, Session } from '../context.ts';
import { marker } from '../gateway.ts';
import type { Client, RequestOptions } from '../gateway.ts';
import type { Outcome } from '../outcome.ts';
import { deliver, judged, listed, table } from './exchange.ts';
import type { Delivered } from './exchange.ts';
import { CUSTOMER_POOL, pool, primaries } from './upstream-block.ts';

/** A path of each pool that any backend answers at once. */
export const ADMIN_PATH = '/api/v1/admin/x';
export const CUSTOMER_PATH = '/api/v1/x';

/** Which instances answered, in the order of the requests. */
export interface Shares {
  /** From an idle gateway, one after the other on one connection. */
  readonly adminSequence: readonly string[];
  /** All reads, the sequence included. */
  readonly adminReads: readonly string[];
  readonly adminWrites: readonly string[];
  /** One after the other. */
  readonly customerReads: readonly string[];
  readonly customerWrites: readonly string[];
  readonly leastBusy: LeastBusy;
}

/** Requests from one address that no limit of the document stops at once. */
const FROM_ONE_ADMIN = 10;
const FROM_ONE_CUSTOMER = 25;
const MORE_ADMINS = 9;

/** Counts may differ by so many from exact shares: where a series begins and ends within a turn. */
const EDGE = 1;

const measured = new WeakMap<Session, Promise<Shares>>();

/**
 * Sends ordinary requests to both pools of a gateway that nobody else uses, and
 * notes who answered. Several promises are judged by the same series, which is
 * therefore measured once in a session.
 */
export function shares(context: CaseContext): Promise<Shares> {
  let known = measured.get(context.session);
  if (!known) {
    known = measure(context);
    measured.set(context.session, known);
  }
  return known;
}

async function measure(context: CaseContext): Promise<Shares> {
  await using replica = await context.session.startReplica({ backends: 'private' });
  const admin = (): Client => context.clientFor(ADMIN_PATH, replica.gateway);
  const customer = (): Client => context.clientFor(CUSTOMER_PATH, replica.gateway);
  const write = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' };
  const adminSequence = await inTurn(context, admin(), ADMIN_PATH, FROM_ONE_ADMIN);
  const others = await Promise.all(
    Array.from({ length: MORE_ADMINS }, () => inTurn(context, admin(), ADMIN_PATH, FROM_ONE_ADMIN)),
  );
  const customerReads = [
    ...(await inTurn(context, customer(), CUSTOMER_PATH, FROM_ONE_CUSTOMER)),
    ...(await inTurn(context, customer(), CUSTOMER_PATH, FROM_ONE_CUSTOMER)),
  ];
  const adminWrites = await inTurn(context, admin(), ADMIN_PATH, FROM_ONE_ADMIN, write);
  const customerWrites = await inTurn(context, customer(), CUSTOMER_PATH, FROM_ONE_CUSTOMER, write);
  return {
    adminSequence: adminSequence.map(servedBy),
    adminReads: [...adminSequence, ...others.flat()].map(servedBy),
    adminWrites: adminWrites.map(servedBy),
    customerReads: customerReads.map(servedBy),
    customerWrites: customerWrites.map(servedBy),
    leastBusy: await leastBusy(context, replica, primaries(pool(await replica.gateway.config(), CUSTOMER_POOL)).length),
  };
}

/** Requests of one client, one after the other on one connection. */
export async function inTurn(
  context: CaseContext,
  client: Client,
  path: string,
  count: number,
  options: RequestOptions = {},
): Promise<Delivered[]> {
  const connection = marker('c');
  return deliver(
    context,
    Array.from({ length: count }, () => ({ ...options, client, path, connection })),
  );
}

/** The instance that a request reached last: the one that answered it. */
export function servedBy({ arrivals, seen }: Pick<Delivered, 'arrivals' | 'seen'>): string {
  return (
    arrivals.at(-1)?.instance ??
    `none (${seen.status === null ? (seen.error?.code ?? 'no answer') : String(seen.status)})`
  );
}

/** As {@link servedBy}, for requests that have to be answered with 200. */
function answeredBy(one: Delivered): string {
  return one.seen.status === 200 ? servedBy(one) : servedBy({ arrivals: [], seen: one.seen });
}

/** How often each name occurs, in alphabetical order. */
export function tally(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names.toSorted()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** `admin-1 40, admin-2 40`. */
export function inWords(names: readonly string[]): string {
  return [...tally(names)].map(([name, count]) => `${name} ${String(count)}`).join(', ');
}

/** Judges how many requests each instance got: exact shares of the whole, and nothing for anybody else. */
export function judgeShares(
  percent: Readonly<Record<string, number>>,
  names: readonly string[],
  what: string,
  tolerance = EDGE,
): Outcome {
  const counts = tally(names);
  const wanted = Object.entries(percent).map(([name, share]) => [name, (share / 100) * names.length] as const);
  const off = wanted.filter(([name, count]) => Math.abs((counts.get(name) ?? 0) - count) > tolerance);
  const strangers = [...counts.keys()].filter((name) => !(name in percent));
  return judged(
    off.length === 0 && strangers.length === 0,
    `of ${String(names.length)} ${what}: ${wanted.map(([name, count]) => `${name} ${String(count)}`).join(', ')}`,
    inWords(names),
    [sharesTable(what, names)],
  );
}

/**
 * The order in which smooth weighted round robin serves: each turn every weight is
 * added to its server's counter, the highest counter wins and pays the sum of all.
 */
export function smoothWeighted(weights: readonly number[], count: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const counters = weights.map(() => 0);
  return Array.from({ length: count }, () => {
    for (const [index, weight] of weights.entries()) counters[index] = (counters[index] ?? 0) + weight;
    const best = counters.indexOf(Math.max(...counters));
    counters[best] = (counters[best] ?? 0) - total;
    return best;
  });
}

/** Judges the order of a series that began at an idle gateway. */
export function judgeSequence(
  weights: readonly (readonly [name: string, weight: number])[],
  seen: readonly string[],
): Outcome {
  const wanted = smoothWeighted(
    weights.map(([, weight]) => weight),
    seen.length,
  ).map((index) => weights[index]?.[0] ?? '');
  const first = wanted.findIndex((name, index) => name !== seen[index]);
  return judged(
    first < 0,
    `in turn: ${listed(wanted, 5)}`,
    first < 0 ? 'in that order' : `request ${String(first + 1)} went to ${seen[first] ?? ''}: ${listed(seen, 10)}`,
    [
      {
        kind: 'table',
        title: 'order of the first requests',
        columns: ['request', 'promised', 'served by'],
        rows: wanted.map((name, index) => [index + 1, name, seen[index] ?? '']),
      },
    ],
  );
}

/** Judges whether the first instance of a pool is treated unlike every other one, for reads or for writes. */
export function judgeLeader(
  pools: readonly {
    readonly leader: string;
    readonly followers: readonly string[];
    readonly reads: readonly string[];
    readonly writes: readonly string[];
  }[],
): Outcome {
  const told = pools.map(({ leader, followers, reads, writes }) => ({
    leader,
    apart: [reads, writes].some((names) => {
      const counts = tally(names);
      const own = counts.get(leader) ?? 0;
      return followers.every((name) => Math.abs((counts.get(name) ?? 0) - own) > EDGE);
    }),
    text: `reads ${inWords(reads)}; writes ${inWords(writes)}`,
  }));
  return judged(
    told.every(({ apart }) => apart),
    `${told.map(({ leader }) => leader).join(' and ')} get another share than their followers, for reads or for writes`,
    told.map(({ text }) => text).join('; '),
    pools.map(({ leader, reads, writes }) => sharesTable(`requests to the pool of ${leader}`, [...reads, ...writes])),
    'nginx knows weights and backups, no leader: instance 1 is treated like instance 2',
  );
}

/** How many requests each instance served, as evidence. */
export function sharesTable(title: string, names: readonly string[]): Evidence {
  return table(
    title,
    ['served by', 'requests'],
    [...tally(names)].map(([name, count]) => [name, count]),
  );
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
async function leastBusy(
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
