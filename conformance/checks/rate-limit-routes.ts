import type { Gateway, RequestOptions } from '../gateway.ts';
import type { CaseContext } from '../context.ts';
import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { limiterOf, RATE_TOLERANCE } from './rate-limit.ts';
import { MANY, answers, counts, exchangeOf, flood, floodTwice, ownFault, pressure, sort } from './rate-limit-flood.ts';
import type { Flooded, Sustained } from './rate-limit-flood.ts';

/** Requests that may be refilled between two floods, or while one lasts, at no more than 200 a minute. */
const REFILL = 5;

/** A flood of one fresh client on one path. */
export async function routeFlood(
  context: CaseContext,
  path: string,
  count: number,
  { gateway = context.gateway, ...more }: { options?: RequestOptions; sustained?: Sustained; gateway?: Gateway } = {},
): Promise<Flooded> {
  return flood(context.session.vantage, { clients: [context.clientFor(path, gateway)], path, count, ...more });
}

/** Fast enough to press upon every limit by address that the documents name. */
const PRESSURE_PER_MIN = 100;

/**
 * A flood of one fresh client on one path with pressure after it: enough to tell size
 * and rate of any limit by address. Measured once for all claims about the path, since
 * floods are most of what a run sends.
 */
export function pathFlood(context: CaseContext, path: string): Promise<Flooded> {
  return context.session.once(`flood of ${path}`, () =>
    routeFlood(context, path, MANY, { sustained: pressure(PRESSURE_PER_MIN) }),
  );
}

/** One client floods a path, and then does something else. */
export interface UsedUp {
  readonly first: Flooded;
  readonly then: Flooded;
}

export interface Then {
  readonly path?: string;
  readonly count: number;
  readonly options?: (index: number) => RequestOptions;
}

/** One client uses up its allowance and goes on in another way: another path, or other headers. */
export async function usedUp(context: CaseContext, path: string, count: number, then: Then): Promise<UsedUp> {
  const client = context.clientFor(path);
  return floodTwice(context.session.vantage, { clients: [client], path, count }, { clients: [client], path, ...then });
}

/**
 * Judges that what a client does after its allowance is used up is refused as
 * well. `normal` is the status that it would have for a client with allowance.
 */
export function judgeUsedUp(
  what: string,
  { first, then }: UsedUp,
  normal = first.observations[0]?.status ?? null,
): Outcome {
  const { accepted } = sort(then, normal);
  const expected = `${what} refused once the allowance is used up (up to ${String(REFILL)} may be refilled)`;
  const observed = `first ${counts(first.observations)}; then ${counts(then.observations)}`;
  const proof = [
    ...exchangeOf(then, accepted[0] ?? then.observations[0]),
    answers([
      { name: 'first', flooded: first },
      { name: 'then', flooded: then },
    ]),
  ];
  const fault = ownFault(first) ?? ownFault(then);
  if (fault !== undefined) return inconclusive(expected, observed, fault, proof);
  return judge(accepted.length <= REFILL, expected, observed, proof);
}

/** Judges that two routes count together: what one used up is missing at the other. */
export function judgeBothCount(burst: number, { first, then }: UsedUp, normal: number): Outcome {
  const [one, other] = [sort(first).accepted.length, sort(then, normal).accepted.length];
  const expected = `at most ${String(burst + 1)} accepted on both paths together (and up to ${String(REFILL)} refilled)`;
  const observed = `${String(one)} accepted on the route with its own limit, then ${String(other)} on a path without one`;
  const proof = [
    answers([
      { name: 'route', flooded: first },
      { name: 'other path', flooded: then },
    ]),
    ...exchangeOf(first, sort(first).refused[0]),
  ];
  const fault = ownFault(first) ?? ownFault(then);
  if (fault !== undefined) return inconclusive(expected, observed, fault, proof);
  const holds = one + other <= burst + 1 + REFILL;
  return judge(
    holds,
    expected,
    observed,
    proof,
    holds ? undefined : 'a location with a limit_req of its own inherits none from the server',
  );
}

/** Judges that a path never admits more than a burst and what its rate refills meanwhile. */
export function judgeCeiling(
  { burst, rate_perMin }: { readonly burst: number; readonly rate_perMin: number },
  path: string,
  flooded: Flooded,
): Outcome {
  const { accepted } = sort(flooded);
  const took_ms =
    Math.max(...accepted.map(({ done_ms }) => done_ms)) - Math.min(...accepted.map(({ sent_ms }) => sent_ms ?? 0));
  const most = Math.floor(burst + 2 + (Math.max(0, took_ms) * rate_perMin) / 60_000);
  const expected = `at most ${String(burst + 1)} of a flood accepted`;
  const observed = `${path}: ${counts(flooded.observations)}`;
  const fault = ownFault(flooded);
  const proof = exchangeOf(flooded, accepted[Math.min(most, accepted.length - 1)]);
  if (fault !== undefined) return inconclusive(expected, observed, fault, proof);
  return judge(
    accepted.length <= most,
    expected,
    observed,
    proof,
    accepted.length <= most
      ? undefined
      : 'the server-wide limit holds neither where a location has its own limit_req nor where `return` answers first',
  );
}

/** What a route allows; infinite when it refused nothing. */
function allowance(flooded: Flooded): { burst: number; least_perMin: number; most_perMin: number } {
  const { burst, rate_perS } = limiterOf(flooded);
  if (sort(flooded).refused.length === 0 || !burst || !rate_perS) {
    return {
      burst: Number.POSITIVE_INFINITY,
      least_perMin: Number.POSITIVE_INFINITY,
      most_perMin: Number.POSITIVE_INFINITY,
    };
  }
  return { burst: burst.max, least_perMin: rate_perS.min * 60, most_perMin: rate_perS.max * 60 };
}

/** Judges that one route allows more at once than another, and not less a minute. */
export function judgeMorePermissive(permissive: Flooded, other: Flooded): Outcome {
  const [wide, narrow] = [allowance(permissive), allowance(other)];
  const told = ({ burst, least_perMin, most_perMin }: typeof wide): string =>
    Number.isFinite(burst)
      ? `burst ${String(burst)}, ${String(Math.round(least_perMin))}–${String(Math.round(most_perMin))} a minute`
      : 'no limit';
  const noLess = wide.most_perMin * (1 + RATE_TOLERANCE) >= narrow.least_perMin * (1 - RATE_TOLERANCE);
  const holds = wide.burst > narrow.burst && noLess;
  return judge(
    holds,
    'the API allows more at once than other paths, and no less a minute',
    `API: ${told(wide)}; other paths: ${told(narrow)}`,
    [
      answers([
        { name: 'API', flooded: permissive },
        { name: 'other path', flooded: other },
      ]),
    ],
  );
}

/** Judges that a route stops a flood earlier than another does. */
export function judgeStricter(strict: Flooded, other: Flooded): Outcome {
  const [few, many] = [sort(strict).accepted.length, sort(other).accepted.length];
  const holds = sort(strict).refused.length > 0 && few < many - REFILL;
  return judge(
    holds,
    'a flood of failed logins is stopped earlier than one of ordinary requests',
    `failed logins: ${counts(strict.observations)}; ordinary: ${counts(other.observations)}`,
    [
      ...exchangeOf(strict, strict.observations.at(-1)),
      answers([
        { name: 'logins', flooded: strict },
        { name: 'ordinary', flooded: other },
      ]),
    ],
    holds ? undefined : 'logging in shares the limit of every other API route',
  );
}

/** Statuses of a request whose sender may not make it. */
const DENIED: ReadonlySet<number | null> = new Set([401, 403]);

/** Judges that requests which are denied anyway use up the allowance: after a burst of them comes the limiter's refusal. */
export function judgeDeniedCount(burst: number, what: string, flooded: Flooded): Outcome {
  const first = flooded.observations[0]?.status ?? null;
  const { accepted: denied, refused } = sort(flooded);
  const expected = `${what}: about ${String(burst + 1)} denied, the others refused by the limit`;
  const observed = `${what}: ${counts(flooded.observations)}`;
  const proof = exchangeOf(flooded, refused[0] ?? flooded.observations[0]);
  const fault = ownFault(flooded);
  if (fault !== undefined) return inconclusive(expected, observed, fault, proof);
  if (!DENIED.has(first)) return judge(false, expected, observed, proof, 'such a request is not denied at all');
  const holds = refused.length > 0 && denied.length >= burst + 1 && denied.length <= burst + 1 + REFILL;
  return judge(holds, expected, observed, proof, holds ? undefined : 'it is denied before the limit counts it');
}

/** Judges that anonymous requests meet the limit that those of one user from the same number of addresses meet. */
export function judgeAnonymous(oneUser: Flooded, anonymous: Flooded): Outcome {
  const [limited, mine] = [sort(oneUser).refused.length, sort(anonymous).refused.length];
  const holds = limited > 0 && mine > limited / 2;
  return judge(
    holds,
    'requests without credentials from many addresses are refused like those of one user',
    `one user: ${counts(oneUser.observations)}; without credentials: ${counts(anonymous.observations)}`,
    [
      ...exchangeOf(anonymous, anonymous.observations.at(-1)),
      answers([
        { name: 'one user', flooded: oneUser },
        { name: 'anonymous', flooded: anonymous },
      ]),
    ],
    holds ? undefined : 'nginx does not count a request whose key is empty',
  );
}
