import type { Evidence } from '../../reports/record/types.ts';
import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import type { Client, Gateway, RequestOptions } from '../gateway.ts';
import { inconclusive } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { deliver, judged, listed, table } from './exchange.ts';
import type { Delivered } from './exchange.ts';
import { active } from './upstream-block.ts';
import type { UpstreamBlock } from './upstream-block.ts';

/** A path of each pool that any backend answers at once. */
export const ADMIN_PATH = '/api/v1/admin/x';
export const CUSTOMER_PATH = '/api/v1/x';

/** Requests from one address: far fewer than any burst, for limits are not what is measured here. */
export const FROM_ONE = { admin: 5, customer: 12 };

/** Counts may differ by so many from exact shares: where a series begins and ends within a turn. */
const EDGE = 1;

/** Requests one after the other, from as many clients as it takes to stay well below their limits. */
export async function series(
  context: CaseContext,
  gateway: Gateway,
  path: string,
  count: number,
  options: RequestOptions = {},
): Promise<Delivered[]> {
  const most = path === ADMIN_PATH ? FROM_ONE.admin : FROM_ONE.customer;
  const delivered: Delivered[] = [];
  while (delivered.length < count) {
    const next = Math.min(most, count - delivered.length);
    delivered.push(...(await inTurn(context, context.clientFor(path, gateway), path, next, options)));
  }
  return delivered;
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

const LIMITED = 'a limit of requests refused some of them, so that their shares say nothing';

/** Whether a request was refused for its rate instead of being served. */
const isLimited = (name: string): boolean => name === 'none (429)';

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
  const expectedOf = (counted: readonly (readonly [string, number])[]): string =>
    `of ${String(names.length)} ${what}: ${counted.map(([name, count]) => `${name} ${String(count)}`).join(', ')}`;
  const counts = tally(names);
  const wanted = Object.entries(percent).map(([name, share]) => [name, (share / 100) * names.length] as const);
  const off = wanted.filter(([name, count]) => Math.abs((counts.get(name) ?? 0) - count) > tolerance);
  const strangers = [...counts.keys()].filter((name) => !(name in percent));
  const evidence = [sharesTable(what, names)];
  if (names.some(isLimited)) return inconclusive(expectedOf(wanted), inWords(names), LIMITED, evidence);
  return judged(off.length === 0 && strangers.length === 0, expectedOf(wanted), inWords(names), evidence);
}

/** Judges the weights of the running configuration: 95 to 100 would show in no series of a sensible length. */
export function judgeWeights(wanted: readonly number[], block: UpstreamBlock): Outcome {
  const weights = active(block).map(({ weight }) => weight);
  const [first = 0, promised = 0] = [weights[0], wanted[0]];
  return judged(
    weights.length === wanted.length &&
      weights.every((weight, index) => weight * promised === (wanted[index] ?? 0) * first),
    `weights in proportion ${wanted.join(' : ')}`,
    `${weights.join(' : ')} (nginx -T)`,
    [{ kind: 'config', title: `${block.name} in nginx -T`, text: block.text }],
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
  const expected = `in turn: ${listed(wanted, 5)}`;
  const observed =
    first < 0 ? 'in that order' : `request ${String(first + 1)} went to ${seen[first] ?? ''}: ${listed(seen, 10)}`;
  const evidence = [
    table(
      'order of the requests',
      ['request', 'promised', 'served by'],
      wanted.map((name, index) => [index + 1, name, seen[index] ?? '']),
    ),
  ];
  if (seen.some(isLimited)) return inconclusive(expected, observed, LIMITED, evidence);
  return judged(first < 0, expected, observed, evidence);
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
