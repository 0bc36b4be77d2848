import type { CaseContext } from '../context.ts';
import { ADMIN_PATH, CUSTOMER_PATH, FROM_ONE, inTurn, series, servedBy } from './balancing.ts';
import { leastBusy, oneBusy } from './busy-instances.ts';
import type { LeastBusy, OneBusy } from './busy-instances.ts';
import { CUSTOMER_POOL, pool, primaries } from './upstream-block.ts';

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
  readonly oneBusy: OneBusy;
}

/** Lengths of the series; whole turns of the weights, and of five equal instances. */
const IN_ORDER = 10;
const MORE_ADMINS = 18;
const CUSTOMERS = 60;
const WRITES = { admin: 10, customer: 24 };

/**
 * Sends ordinary requests to both pools of a gateway that nobody else uses, and
 * notes who answered. Several promises are judged by the same series, which is
 * therefore measured once in a session.
 */
export function shares(context: CaseContext): Promise<Shares> {
  return context.session.once('shares of the backends', () => measure(context));
}

async function measure(context: CaseContext): Promise<Shares> {
  await using replica = await context.session.startReplica({ backends: 'private' });
  const write = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' };
  const adminSequence = await series(context, replica.gateway, ADMIN_PATH, IN_ORDER);
  const busy = await oneBusy(context, replica.gateway);
  const others = await Promise.all(
    Array.from({ length: MORE_ADMINS }, () =>
      inTurn(context, context.clientFor(ADMIN_PATH, replica.gateway), ADMIN_PATH, FROM_ONE.admin),
    ),
  );
  const customerReads = await series(context, replica.gateway, CUSTOMER_PATH, CUSTOMERS);
  const adminWrites = await series(context, replica.gateway, ADMIN_PATH, WRITES.admin, write);
  const customerWrites = await series(context, replica.gateway, CUSTOMER_PATH, WRITES.customer, write);
  return {
    oneBusy: busy,
    adminSequence: adminSequence.map(servedBy),
    adminReads: [...adminSequence, ...others.flat()].map(servedBy),
    adminWrites: adminWrites.map(servedBy),
    customerReads: customerReads.map(servedBy),
    customerWrites: customerWrites.map(servedBy),
    leastBusy: await leastBusy(context, replica, primaries(pool(await replica.gateway.config(), CUSTOMER_POOL)).length),
  };
}
