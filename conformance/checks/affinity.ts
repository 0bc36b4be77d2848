import type { Evidence } from '../../reports/record/types.ts';
import { headersNamed } from '../clients/observe.ts';
import type { HeaderList } from '../clients/protocol.ts';
import type { ClientAddress } from '../addresses.ts';
import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import type { Client, Gateway } from '../gateway.ts';
import type { Outcome } from '../outcome.ts';
import { CUSTOMER_PATH, inTurn, inWords, servedBy, tally } from './balancing.ts';
import { deliver, deliverOne, judged, listed, proof, table } from './exchange.ts';
import type { Probe } from './exchange.ts';

/** Requests that tell a client that keeps its instance from one that does not. */
const REPEATS = 8;
/** Long enough for all of them to be under way at once, ms. */
const TOGETHER_MS = 300;
/** From one address on one route: with those on another route no more than one address may have under way. */
const AT_ONCE = 4;
/** After which they have ended. */
const ROUND_MS = 1_000;

/** One Set-Cookie field. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  readonly path: string | undefined;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  /** Seconds from the answer's own Date to the end of its life; Max-Age wins over Expires. Undefined: until the browser closes. */
  readonly lifetime_s: number | undefined;
}

/** The Set-Cookie fields of an answer (RFC 6265, 5.2). */
export function setCookies(answer: { readonly headers: HeaderList }): SetCookie[] {
  const date = Date.parse(headersNamed(answer, 'date')[0] ?? '');
  return headersNamed(answer, 'set-cookie').map((field) => {
    const [pair = '', ...rest] = field.split(';').map((part) => part.trim());
    const attributes = new Map(
      rest.map((part) => [part.split('=')[0]?.toLowerCase() ?? '', part.split('=').slice(1).join('=')]),
    );
    const equals = pair.indexOf('=');
    const expires = Date.parse(attributes.get('expires') ?? '');
    const maxAge = attributes.get('max-age');
    const lifetime_s = maxAge === undefined ? (expires - date) / 1000 : Number(maxAge);
    return {
      name: pair.slice(0, equals),
      value: pair.slice(equals + 1),
      path: attributes.get('path'),
      httpOnly: attributes.has('httponly'),
      secure: attributes.has('secure'),
      lifetime_s: Number.isNaN(lifetime_s) ? undefined : lifetime_s,
    };
  });
}

/** A first visit: who served it, and the affinity cookie that came with it. */
export interface Visit {
  readonly instance: string;
  readonly cookie: SetCookie | undefined;
  readonly evidence: Evidence;
}

/** A request without any cookie. */
export async function firstVisit(context: CaseContext, client: Client, cookie: string): Promise<Visit> {
  const one = await deliverOne(context, { client, path: CUSTOMER_PATH });
  return {
    instance: servedBy(one),
    cookie: setCookies(one.seen).find(({ name }) => name === cookie),
    evidence: proof(one),
  };
}

/** Who serves a client that sends the cookie of a visit with every request, when it got one. */
export async function returns(
  context: CaseContext,
  client: Client,
  { cookie }: Visit,
  count = REPEATS,
): Promise<string[]> {
  const options = cookie ? { headers: { cookie: `${cookie.name}=${cookie.value}` } } : {};
  return (await inTurn(context, client, CUSTOMER_PATH, count, options)).map(servedBy);
}

/**
 * Who serves requests without any cookie. They are under way at the same time: one after the other
 * they may all go to the one instance that nobody else happens to ask.
 */
export async function strangers(context: CaseContext): Promise<string[]> {
  const client = context.client();
  const probes = Array.from({ length: REPEATS }, () => underWay(client, CUSTOMER_PATH));
  return (await deliver(context, probes)).map(servedBy);
}

/** A request over a connection of its own that is under way for long enough to meet others. */
const underWay = (client: Client, path: string): Probe => ({
  client,
  path,
  connection: marker('c'),
  behave: { delay_ms: TOGETHER_MS },
});

/** A client that got a cookie, and those who have none. */
export interface Pinned {
  readonly name: string;
  readonly visit: Visit;
  /** Who served requests with the cookie. */
  readonly kept: readonly string[];
  /** Who served requests without one. */
  readonly others: readonly string[];
}

/** Judges that holders of the cookie stay where they were while others are spread. */
export function judgePinned({ name, visit, kept, others }: Pinned): Outcome {
  const stays = kept.every((instance) => instance === visit.instance);
  const spread = new Set(others).size > 1;
  return judged(
    visit.cookie !== undefined && stays && spread,
    `the first answer sets ${name}; its holder stays on one instance, others are spread`,
    `${visit.cookie ? `${name}=${visit.cookie.value}` : `no cookie ${name}`}; first ${visit.instance}, then ${inWords(kept)}; without a cookie ${inWords(others)}`,
    [
      visit.evidence,
      table(
        'who served',
        ['series', 'instances'],
        [
          ['with the cookie', inWords(kept)],
          ['without', inWords(others)],
        ],
      ),
    ],
    visit.cookie ? undefined : NO_COOKIE,
  );
}

const NO_COOKIE =
  'nothing issues an affinity cookie: `sticky` belongs to NGINX Plus and is not in the complete configuration';

export interface PromisedCookie {
  readonly name: string;
  readonly lifetime_s: number;
  readonly path?: string;
  readonly httpOnly?: boolean;
  readonly secure?: boolean;
}

/** Expires has whole seconds, and so has Date. */
const LIFETIME_TOLERANCE_S = 5;

/** Judges the attributes of the cookie; those that are not promised may be anything. */
export function judgeCookie(
  { name, lifetime_s, path, httpOnly, secure }: PromisedCookie,
  { cookie, evidence }: Visit,
): Outcome {
  const faults = [
    ...(cookie?.lifetime_s !== undefined && Math.abs(cookie.lifetime_s - lifetime_s) <= LIFETIME_TOLERANCE_S
      ? []
      : [`it lives ${cookie?.lifetime_s === undefined ? 'as long as the browser' : `${String(cookie.lifetime_s)} s`}`]),
    ...(path === undefined || cookie?.path === path ? [] : [`path ${cookie?.path ?? 'none'}`]),
    ...(httpOnly === undefined || cookie?.httpOnly === httpOnly
      ? []
      : [`HttpOnly ${httpOnly ? 'is missing' : 'is set'}`]),
    ...(secure === undefined || cookie?.secure === secure ? [] : [`Secure ${secure ? 'is missing' : 'is set'}`]),
  ];
  const wanted = [
    `a cookie ${name} for ${String(lifetime_s)} s`,
    ...(path === undefined ? [] : [`path ${path}`]),
    ...(httpOnly ? ['HttpOnly'] : []),
    ...(secure ? ['Secure'] : []),
  ];
  return judged(
    cookie !== undefined && faults.length === 0,
    wanted.join(', '),
    cookie === undefined ? `no cookie ${name}` : faults.length === 0 ? 'as promised' : faults.join('; '),
    [evidence],
    cookie === undefined ? NO_COOKIE : undefined,
  );
}

/** Clients by their address → who served their requests. */
export interface ByAddress {
  readonly route: string;
  readonly clients: readonly { readonly address: string; readonly instances: readonly string[] }[];
}

/**
 * Sends `count` requests from each address to a route of the customer pool, without cookies. Several are under way at
 * the same time, as those of `strangers` are, and for the same reason.
 */
export async function byAddress(
  context: CaseContext,
  route: string,
  addresses: readonly ClientAddress[],
  count: number,
  gateway: Gateway = context.gateway,
): Promise<ByAddress> {
  const probes = addresses.flatMap((address) => {
    const client = gateway.at(address);
    return Array.from({ length: count }, (_, n) => ({
      ...underWay(client, route),
      at_ms: Math.floor(n / AT_ONCE) * ROUND_MS,
    }));
  });
  const delivered = await deliver(context, probes);
  return {
    route,
    clients: addresses.map(({ address }, index) => ({
      address,
      instances: delivered.slice(index * count, (index + 1) * count).map(servedBy),
    })),
  };
}

/** Whether every address met one instance only, and a real one. */
export function pinnedByAddress({ clients }: ByAddress): boolean {
  return clients.every(({ instances }) => new Set(instances).size === 1 && !instances[0]?.startsWith('none'));
}

/** Judges that, on one of the routes at least, each address keeps its instance. */
export function judgeStable(routes: readonly ByAddress[]): Outcome {
  const stable = routes.filter(pinnedByAddress);
  const moved = (one: ByAddress): number => one.clients.filter(({ instances }) => new Set(instances).size > 1).length;
  return judged(
    stable.length > 0,
    'a route on which all requests of one address reach one instance',
    routes
      .map(
        (one) => `${one.route}: ${String(moved(one))} of ${String(one.clients.length)} addresses met several instances`,
      )
      .join('; '),
    routes.map(addressTable),
    'the customer pool is balanced by active requests on every route; no directive looks at the address',
  );
}

/** Judges that clients of one /24, and of many, meet at least so many instances on each route. */
export function judgeSpread(instances: number, series: readonly (ByAddress & { readonly where: string })[]): Outcome {
  const seen = series.map((one) => ({ ...one, counts: tally(one.clients.flatMap((client) => client.instances)) }));
  const met = (counts: ReadonlyMap<string, number>): number =>
    [...counts.keys()].filter((name) => !name.startsWith('none')).length;
  const poor = seen.filter(({ counts }) => met(counts) < instances);
  return judged(
    poor.length === 0,
    `clients in one /24 and in many meet at least ${String(instances)} instances`,
    seen.map(({ route, where, counts }) => `${route} ${where}: ${String(met(counts))} instances`).join('; '),
    [
      table(
        'instances met',
        ['route', 'clients', 'instances'],
        seen.map(({ route, where, counts }) => [
          route,
          where,
          [...counts].map(([name, count]) => `${name} ${String(count)}`).join(', '),
        ]),
      ),
    ],
    'ip_hash takes the first three octets of an address: all clients of one /24 are one client to it',
  );
}

/** Judges that each named route keeps an address on one instance. */
export function judgePinnedRoutes(routes: readonly ByAddress[]): Outcome {
  const loose = routes.filter((one) => !pinnedByAddress(one));
  return judged(
    loose.length === 0,
    `${listed(routes.map(({ route }) => route))}: all sessions of one address on one instance`,
    routes
      .map(({ route, clients }) => `${route}: ${inWords(clients.flatMap(({ instances }) => instances))}`)
      .join('; '),
    routes.map(addressTable),
    'the route goes to the pool that is balanced by active requests, without any affinity',
  );
}

function addressTable({ route, clients }: ByAddress): Evidence {
  return table(
    `who served each address on ${route}`,
    ['address', 'instances'],
    clients.map(({ address, instances }) => [address, inWords(instances)]),
  );
}
