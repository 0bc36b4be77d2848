import { marker } from '../gateway.ts';
import type { Client, RequestOptions } from '../gateway.ts';
import type { CaseContext } from '../context.ts';
import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import type { PromisedLimit } from './rate-limit.ts';
import { answers, counts, exchangeOf, flood, floodTwice, floods, ownFault, sort } from './rate-limit-flood.ts';
import type { Flood, Flooded } from './rate-limit-flood.ts';

/** Requests of one client address while those of many are counted together: far below any limit by address. */
const REQUESTS_EACH = 5;

/** Requests that two clocks and a refill between two answers may add to an allowance. */
const CLOCK_SLACK = 2;

/** Credentials of one user, the same in each request. */
export function oneUser(role: 'user' | 'admin' = 'user'): RequestOptions {
  return { headers: { authorization: `Bearer valid:${marker('one')}:${role}` } };
}

/** What one user sends, or several. */
export type UserFlood = Omit<Flood, 'clients'>;

/** The same from so many addresses that no limit by address has a say. */
export function fromMany(context: CaseContext, plan: UserFlood): Flood {
  const addresses = Math.ceil(plan.count / REQUESTS_EACH);
  return { ...plan, clients: Array.from({ length: addresses }, () => context.clientFor(plan.path)) };
}

/** A flood of one user from so many addresses that no limit by address has a say. */
export async function userFlood(context: CaseContext, plan: UserFlood): Promise<Flooded> {
  return flood(context.session.vantage, fromMany(context, plan));
}

/** Judges that a flood was not counted together: nothing of it was refused. */
export function judgeUncounted(what: string, flooded: Flooded): Outcome {
  const { refused, lost } = sort(flooded);
  const fault = ownFault(flooded);
  const [expected, observed] = [`${what}: none refused`, `${what}: ${counts(flooded.observations)}`];
  const proof = exchangeOf(flooded, refused[0] ?? lost[0]);
  if (fault !== undefined) return inconclusive(expected, observed, fault, proof);
  return judge(refused.length + lost.length === 0, expected, observed, proof);
}

/** Fewer than any single node would refuse of a client that it has not met: what is refused of them, a shared limit refused. */
export const FEW = 8;

/** The same client at both gateway nodes. */
export interface OverNodes {
  readonly first: Flooded;
  readonly second: Flooded;
  /** From before the first request to after the last answer. */
  readonly took_ms: number;
}

/** A client uses up its allowance at the first node and sends so many more to the second. */
export async function overNodes(context: CaseContext, path: string, count: number, more: number): Promise<OverNodes> {
  const atFirst = context.client();
  const atSecond = context.session.gateway('gateway-2').at(atFirst.client);
  const began_ms = performance.now();
  const { first, then } = await floodTwice(
    context.session.vantage,
    { clients: [atFirst], path, count },
    { clients: [atSecond], path, count: more },
  );
  return { first, second: then, took_ms: performance.now() - began_ms };
}

/** Requests that the second node refused although nobody had asked it before: what a shared limit does. */
export function refusedBySecond({ first, second }: OverNodes): Flooded['observations'] {
  return sort(second, first.observations[0]?.status).refused;
}

/** Judges whether both nodes together admit one allowance (and what is refilled meanwhile). */
export function judgeShared({ rate_perMin, burst }: PromisedLimit, nodes: OverNodes): Outcome {
  const { first, second, took_ms } = nodes;
  const reference = first.observations[0]?.status ?? null;
  const accepted = [...sort(first, reference).accepted, ...sort(second, reference).accepted];
  const most = Math.floor(burst + 1 + (took_ms * rate_perMin) / 60_000 + CLOCK_SLACK);
  const expected = `at most ${String(most)} accepted by both nodes together (${String(burst + 1)} and the refill)`;
  const observed = `${String(accepted.length)} accepted: node 1 ${counts(first.observations)}; node 2 ${counts(second.observations)}`;
  const proof = [
    ...exchangeOf(second, second.observations[0]),
    answers([
      { name: 'node 1', flooded: first },
      { name: 'node 2', flooded: second },
    ]),
  ];
  const fault = ownFault(first) ?? ownFault(second);
  if (fault !== undefined) return inconclusive(expected, observed, fault, proof);
  if (accepted.length === 0) return judge(false, expected, observed, proof, 'nothing was accepted at all');
  return judge(
    accepted.length <= most,
    expected,
    observed,
    proof,
    accepted.length <= most ? undefined : 'each node counts for itself',
  );
}

/** Judges whether a limiter that both nodes share refused at the second node, on each path. */
export function judgeSharedEverywhere(paths: readonly { readonly path: string; readonly nodes: OverNodes }[]): Outcome {
  const seen = paths.map(({ path, nodes }) => {
    const reference = nodes.first.observations[0]?.status ?? null;
    const refused = refusedBySecond(nodes).length;
    return {
      path,
      first: sort(nodes.first, reference).accepted.length,
      second: sort(nodes.second, reference).accepted.length,
      shared: refused > nodes.second.observations.length / 2,
    };
  });
  const missing = seen.filter(({ shared }) => !shared);
  return judge(
    missing.length === 0,
    'a limiter that both nodes share refuses on every path',
    seen
      .map(
        ({ path, first, second }) => `${path}: ${String(first)} accepted by node 1, then ${String(second)} by node 2`,
      )
      .join('; '),
    [
      {
        kind: 'table',
        title: 'accepted',
        columns: ['path', 'node 1', 'node 2'],
        rows: seen.map((row) => [row.path, row.first, row.second]),
      },
    ],
    missing.length === 0 ? undefined : `nothing is shared on ${missing.map(({ path }) => path).join(', ')}`,
  );
}

/** Floods of two administrators at one address, and of one at two, beside one alone. */
export interface AdminFloods {
  readonly alone: Flooded;
  readonly twoAtOneAddress: Flooded;
  readonly oneAtTwoAddresses: Flooded;
}

/** Measures by whom the admin route counts. */
export async function adminFloods(context: CaseContext, path: string, count: number): Promise<AdminFloods> {
  const admins = [adminOf('a'), adminOf('b'), adminOf('c'), adminOf('d')] as const;
  const operator = (): Client => context.clientFor(path);
  const [alone, twoAtOneAddress, oneAtTwoAddresses] = await floods(context.session.vantage, [
    { clients: [operator()], path, count, options: admins[0] },
    { clients: [operator()], path, count: 2 * count, options: (index) => admins[index % 2 === 0 ? 1 : 2] },
    { clients: [operator(), operator()], path, count: 2 * count, options: admins[3] },
  ]);
  if (!alone || !twoAtOneAddress || !oneAtTwoAddresses) throw new Error('three floods have three results');
  return { alone, twoAtOneAddress, oneAtTwoAddresses };
}

function adminOf(name: string): RequestOptions {
  return { headers: { authorization: `Bearer valid:${marker(name)}:admin`, 'x-admin-token': `operator-${name}` } };
}

/** Judges whether administrators are counted, wherever they come from, and not addresses. */
export function judgePerAdmin(seen: AdminFloods): Outcome {
  const of = (flooded: Flooded): number => sort(flooded).accepted.length;
  const [alone, two, one] = [of(seen.alone), of(seen.twoAtOneAddress), of(seen.oneAtTwoAddresses)];
  const half = 1.5 * alone;
  const holds = two > half && one < half;
  return judge(
    holds,
    `two administrators at one address have twice what one has (${String(alone)}), one at two addresses no more than that`,
    `two administrators at one address: ${String(two)} accepted; one at two addresses: ${String(one)}`,
    [
      answers([
        { name: 'one', flooded: seen.alone },
        { name: 'two at one address', flooded: seen.twoAtOneAddress },
        { name: 'one at two', flooded: seen.oneAtTwoAddresses },
      ]),
    ],
    holds ? undefined : 'the limit counts by client address',
  );
}

/** A client that floods and another that asks now and then. */
export async function neighbours(
  context: CaseContext,
  path: string,
  count: number,
): Promise<{ loud: Flooded; quiet: Flooded }> {
  const [loud, quiet] = await floods(context.session.vantage, [
    { clients: [context.clientFor(path)], path, count, sustained: { interval_ms: 100, window_ms: 4000 } },
    { clients: [context.clientFor(path)], path, count: 1, sustained: { interval_ms: 500, window_ms: 4000 } },
  ]);
  if (!loud || !quiet) throw new Error('two floods have two results');
  return { loud, quiet };
}

/** Judges whether the quiet client got everything while the loud one was refused. */
export function judgeIsolation({ loud, quiet }: { readonly loud: Flooded; readonly quiet: Flooded }): Outcome {
  const reference = loud.observations[0]?.status ?? null;
  const mine = sort(quiet, reference);
  const expected = `all ${String(quiet.observations.length)} requests of a quiet client accepted while another is refused`;
  const observed = `quiet: ${counts(quiet.observations)}; loud: ${counts(loud.observations)}`;
  const proof = [
    ...exchangeOf(quiet, mine.refused[0] ?? quiet.observations.at(-1)),
    answers([
      { name: 'loud', flooded: loud },
      { name: 'quiet', flooded: quiet },
    ]),
  ];
  const fault = ownFault(loud) ?? ownFault(quiet);
  if (fault !== undefined) return inconclusive(expected, observed, fault, proof);
  if (mine.accepted.length < quiet.observations.length)
    return judge(false, expected, observed, proof, 'both clients are counted together');
  if (sort(loud).refused.length === 0)
    return inconclusive(expected, observed, 'the loud client was never refused', proof);
  return judge(true, expected, observed, proof);
}

/** A client behind a CDN's edge: requests come from the edge and name the client. */
export function behindEdge(client: string): RequestOptions {
  return { headers: { 'x-forwarded-for': client } };
}

/**
 * Judges whether the second client behind an edge gets as much as the first one got just before.
 * Counted together, it would get what was refilled meanwhile, a few; by itself, the whole
 * allowance again. How much is refilled depends on how long each flood takes on this machine,
 * so half of what the first one got tells the two apart.
 */
export function judgeBehindEdge(first: Flooded, second: Flooded): Outcome {
  const [one, other] = [sort(first), sort(second, first.observations[0]?.status)];
  const expected = 'a second client behind the same edge gets what the first one got';
  const observed = `first client ${counts(first.observations)}; second client ${counts(second.observations)}`;
  const proof = [
    ...exchangeOf(second, other.refused[0] ?? second.observations[0]),
    answers([
      { name: 'first client', flooded: first },
      { name: 'second client', flooded: second },
    ]),
  ];
  const fault = ownFault(first) ?? ownFault(second);
  if (fault !== undefined) return inconclusive(expected, observed, fault, proof);
  const holds = other.accepted.length >= one.accepted.length / 2;
  return judge(
    holds,
    expected,
    observed,
    proof,
    holds ? undefined : 'the limit counts by the address of the edge, whoever is behind it',
  );
}
