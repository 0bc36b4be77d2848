import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import type { Client, Planned } from '../gateway.ts';
import { notApplicable } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { judgeBan } from './ban-judgement.ts';
import type { BanPromise, BanSeen } from './ban-judgement.ts';
import { tryBans } from './ban-trial.ts';

/** Requests of a batch share so many connections: a limit of connections is not what is looked at. */
const CONNECTIONS = 5;
/** A batch of refusals that cannot be many more than wanted. */
const STEP = 3;
/** More than any burst by address that the documents name, in steps. */
const STEPS = 24;
/** Failed logins at once: fewer than the burst of any limit, so that none is refused before it is looked at. */
const AT_ONCE = 28;
/** Afterwards one in so long, slower than any limit by address. ms */
const PACE_MS = 700;
/** So few failures nobody may be banned for. */
const FEW = 3;

const REFUSED = 429;
const UNAUTHORIZED = 401;

interface RefusalPromise extends BanPromise {
  readonly maxretry: number;
}

/** Addresses that a gateway refuses again and again are banned. */
export async function refusedAreBanned(context: CaseContext, promise: RefusalPromise): Promise<Outcome> {
  const seen = await tryBans(context, {
    many: (client) => flood(client, promise.maxretry + 1),
    few: (client) => flood(client, FEW),
    again: flood,
  });
  return judged(promise, seen);
}

/**
 * The same when an address used up what it may at the first gateway, and comes to another one:
 * where gateways share their limits, it is these that refuse it there, and not nginx's own.
 */
export async function refusedElsewhereAreBanned(context: CaseContext, promise: RefusalPromise): Promise<Outcome> {
  const wanted = promise.maxretry + 1;
  const seen = await tryBans(context, {
    many: async (client) => {
      await flood(context.gateway.at(client.client), wanted);
      return flood(client, wanted);
    },
    few: (client) => flood(client, FEW),
    again: flood,
  });
  return judged(promise, seen);
}

/** More than a limit lets through, until so many were refused. */
function flood(client: Client, refused: number): Promise<number> {
  const step = sideBySide(STEP, { path: '/api/v1/refused' });
  return batches(
    client,
    Array.from({ length: STEPS }, () => step),
    REFUSED,
    refused,
  );
}

/** Addresses whose credentials are refused again and again are banned. */
export async function failedLoginsAreBanned(
  context: CaseContext,
  promise: BanPromise,
  attempts: number,
): Promise<Outcome> {
  const paced = Array.from({ length: Math.max(0, attempts - AT_ONCE) }, () => [{ ...wrong(), at_ms: PACE_MS }]);
  const seen = await tryBans(context, {
    many: (client) => batches(client, [sideBySide(AT_ONCE, wrong()), ...paced], UNAUTHORIZED, attempts),
    few: (client) => batches(client, [sideBySide(FEW, wrong())], UNAUTHORIZED, FEW),
    again: (client, failures) =>
      batches(client, [sideBySide(Math.min(failures, AT_ONCE), wrong())], UNAUTHORIZED, failures),
  });
  return judged(promise, seen);
}

function judged(promise: BanPromise, seen: BanSeen | string): Outcome {
  return typeof seen === 'string' ? notApplicable(`a ban after many ${promise.what}`, seen) : judgeBan(promise, seen);
}

/** Credentials that nobody accepts: the gateway refuses them, or the backend does. */
function wrong(): Planned {
  return {
    path: '/api/v1/login-needed',
    headers: { authorization: `Bearer wrong-${marker('w')}` },
    behave: { status: UNAUTHORIZED },
  };
}

function sideBySide(count: number, request: Planned): Planned[] {
  return Array.from({ length: count }, (_, n) => ({
    ...request,
    connection: `c${String(n % CONNECTIONS)}`,
    timeout_ms: 5000,
  }));
}

/**
 * Sends batch after batch until a status was seen often enough, or an answer is missing: the client is cut off.
 *
 * @returns how often it was seen
 */
export async function batches(
  client: Pick<Client, 'all'>,
  plan: readonly (readonly Planned[])[],
  status: number,
  wanted: number,
): Promise<number> {
  let failures = 0;
  for (const batch of plan) {
    const seen = await client.all(batch);
    failures += seen.filter((one) => one.status === status).length;
    if (failures >= wanted || seen.some((one) => one.status === null)) break;
  }
  return failures;
}
