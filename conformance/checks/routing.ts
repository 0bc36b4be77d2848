import type { Outcome } from '../outcome.ts';
import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import type { RequestOptions } from '../gateway.ts';
import { deliver, judged, listed, outcomeOf, proof, table } from './exchange.ts';
import type { Delivered } from './exchange.ts';

/** Who may be meant to answer: a pool, or the gateway by itself. */
export type Server = 'admin' | 'customer' | 'gateway';

/** Services of the two pools, by the name that they give themselves. */
const POOL_OF: Readonly<Record<string, Server>> = { 'admin-server': 'admin', 'customer-services': 'customer' };

/** One request and who is to serve it. */
export interface RouteExpectation {
  readonly path: string;
  readonly server: Server;
  readonly options?: RequestOptions;
  /** Block of the client; admin requests come from the operators' network by default. */
  readonly from?: 'clients' | 'operators';
  /** The gateway may refuse such a path (4xx) instead of routing it; it must not go elsewhere. */
  readonly mayRefuse?: boolean;
  /** Status that the answer must have. */
  readonly status?: number;
}

/** What became of it. */
export interface Routed {
  readonly expected: RouteExpectation;
  readonly method: string;
  readonly status: number | null;
  /** Pools that received the request; a retried one may have met two instances. */
  readonly pools: readonly Server[];
}

/** Pools among the arrivals of one request; one that is unknown counts as neither. */
export function poolsOf({ arrivals }: Pick<Delivered, 'arrivals'>): Server[] {
  return [...new Set(arrivals.flatMap(({ service }) => POOL_OF[service] ?? []))];
}

/** Whether one request was served as expected. */
export function routedWell({ expected, status, pools }: Routed): boolean {
  const { server, mayRefuse, status: wanted } = expected;
  const refused = status !== null && status >= 400 && status < 500 && pools.length === 0;
  if (mayRefuse && refused) return true;
  if (wanted !== undefined && status !== wanted) return false;
  if (server === 'gateway') return status !== null && pools.length === 0;
  return pools.length === 1 && pools[0] === server;
}

/** Where a request went, in words. */
export function wentTo({ status, pools }: Pick<Routed, 'status' | 'pools'>): string {
  const status_text = status === null ? 'no answer' : String(status);
  return pools.length === 0 ? `${status_text} from the gateway` : `${status_text} from the ${pools.join(' and ')} pool`;
}

/** Judges a table of requests: each must have been served by whom the promise names. */
export function judgeRouting(
  expected: string,
  routed: readonly Routed[],
): Pick<Outcome, 'expected' | 'observed'> & { readonly holds: boolean } {
  const wrong = routed.filter((one) => !routedWell(one));
  const observed =
    wrong.length === 0
      ? `${String(routed.length)} requests, each served as promised`
      : `${String(wrong.length)} of ${String(routed.length)} requests served otherwise: ` +
        listed(wrong.map((one) => `${one.method} ${one.expected.path.replace('{m}', '…')} → ${wentTo(one)}`));
  return { holds: wrong.length === 0, expected, observed };
}

/** Sends the requests, each from an address of its own, and judges who served them. */
export async function routing(
  context: CaseContext,
  promise: string,
  expectations: readonly RouteExpectation[],
  reason?: string,
): Promise<Outcome> {
  const delivered = await deliver(
    context,
    expectations.map(({ path, options, server, from }) => ({
      client: context.client(from ?? (server === 'admin' ? 'operators' : 'clients')),
      path,
      ...options,
      headers: { ...(server === 'admin' ? operator() : {}), ...options?.headers },
    })),
  );
  const routed = delivered.map((one, index) => {
    const expectation = expectations[index];
    if (!expectation) throw new Error('more answers than requests');
    return { expected: expectation, method: one.probe.method ?? 'GET', status: one.seen.status, pools: poolsOf(one) };
  });
  const { holds, expected, observed } = judgeRouting(promise, routed);
  const rows = routed.map((one, index) => {
    const arrival = delivered[index]?.arrivals[0];
    return [
      one.method,
      one.expected.path,
      one.expected.server,
      outcomeOf(delivered[index]!.seen),
      one.pools.join(', ') || 'none',
      arrival?.instance ?? '',
    ];
  });
  const odd = delivered.find((_, index) => !routedWell(routed[index]!));
  return judged(
    holds,
    expected,
    observed,
    [
      table('who served each request', ['method', 'path', 'meant for', 'status', 'pool', 'instance'], rows),
      ...(odd ? [proof(odd)] : []),
    ],
    reason,
  );
}

/** Headers of an administrator, for paths that do not look like an admin path before they are normalised. */
export function operator(): Record<string, string> {
  return { authorization: `Bearer valid:${marker('admin')}:admin`, 'x-admin-token': 'operator' };
}
