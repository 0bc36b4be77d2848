import { waitFor } from '../../environments/harness/wait.ts';
import type { CaseContext } from '../context.ts';
import type { Client } from '../gateway.ts';
import type { BanSeen, Lifted } from './ban-judgement.ts';
import { bans, setBantime, startFail2ban, traces } from './fail2ban.ts';
import type { Ban, Fail2ban } from './fail2ban.ts';

/** Causes failures of one client until they are enough, or it is cut off. Each answers how many it was told of. */
export interface Provocation {
  /** As many as ban, and more. */
  readonly many: (client: Client) => Promise<number>;
  /** At least one, and fewer than ban. */
  readonly few: (client: Client) => Promise<number>;
  /** As many as a jail wants. */
  readonly again: (client: Client, failures: number) => Promise<number>;
}

/** How long a ban is waited for, ms: twice what is promised where a time is. */
const LOOK_MS = 10_000;
/** Between two looks. */
const EVERY_MS = 200;
/** Longest wait for a connection. Refused ones say so at once, dropped ones never. */
const CONNECT_MS = 2000;
/** A ban in place of a long one, s. Fail2ban looks each second for those that have ended. */
const SHORT_S = 6;
/** Longest that the end of a short ban is waited for, ms. */
const LIFT_LIMIT_MS = 3 * SHORT_S * 1000;
/** When a client that stays connected asks again, ms: a ban is usually in force by then. */
const HELD_ASKS_MS = 6000;

/** Passed on to a backend. */
const ORDINARY = '/api/v1/bystander';
/** Answered by the gateway. */
const HELD = '/health';

/**
 * Runs Fail2ban beside a gateway of its own: one address fails often, one a few times, one
 * never. The bans end with the gateway and its network namespace.
 *
 * @returns why not, when that is no fault of the variant
 */
export async function tryBans(context: CaseContext, provocation: Provocation): Promise<BanSeen | string> {
  await using replica = await context.session.startReplica({ backends: 'shared', freshNetwork: true });
  const { gateway } = replica;
  const fail2ban = await startFail2ban(context, gateway);
  if (typeof fail2ban === 'string') return fail2ban;
  const [many, few, bystander, second] = Array.from({ length: 4 }, () => context.client('clients', gateway)) as [
    Client,
    Client,
    Client,
    Client,
  ];
  const before = await Promise.all([connects(many, 443), connects(many, 80), connects(few, 443), isServed(bystander)]);
  const heldFrom = performance.now();
  const held = many.all(
    [0, HELD_ASKS_MS].map((at_ms) => ({ path: HELD, at_ms, connection: 'held', timeout_ms: CONNECT_MS })),
  );
  const [failures, fewFailures] = await Promise.all([provocation.many(many), provocation.few(few)]);
  const began = performance.now();
  const bannedAfter_ms = await elapsed_ms('the ban', LOOK_MS, async () => !(await connects(many, 443)));
  const looked_ms = performance.now() - began;
  const ban = (await bans(fail2ban)).find(({ address }) => address === many.address);
  const openPorts = await openOf(many, [443, 80]);
  const [fewServed, bystanderServed] = await Promise.all([connects(few, 443), isServed(bystander)]);
  const [first, later] = await held;
  const heldTells =
    bannedAfter_ms !== null && began + bannedAfter_ms < heldFrom + HELD_ASKS_MS && first?.status === 200;
  const { rules, log } = await traces(fail2ban, [many.address, few.address]);
  // Last, because a ban without a time of its own follows the setting of its jail.
  const lifted = ban ? await shortBan(fail2ban, ban, second, provocation) : undefined;
  return {
    fail2ban,
    servedBefore: before.every(Boolean),
    many: { address: many.address, failures },
    few: { address: few.address, failures: fewFailures },
    bannedAfter_ms,
    looked_ms,
    openPorts,
    heldAnswered: heldTells ? typeof later?.status === 'number' : null,
    fewServed,
    bystanderServed,
    ban,
    lifted,
    logged: await gateway.errorLog(`client: ${many.address},`),
    rules,
    log,
  };
}

/** Bans a second address of the same jail for a short time, and waits for its end. */
async function shortBan(fail2ban: Fail2ban, { jail }: Ban, client: Client, { again }: Provocation): Promise<Lifted> {
  const maxretry = fail2ban.jails.find(({ name }) => name === jail)?.maxretry ?? 1;
  await setBantime(fail2ban, jail, SHORT_S);
  await again(client, maxretry);
  const banned = await elapsed_ms('the short ban', LOOK_MS, async () => !(await connects(client, 443)));
  if (banned === null) return { bantime_s: SHORT_S, began: false, lasted_ms: null };
  const lasted_ms = await elapsed_ms('the end of the short ban', LIFT_LIMIT_MS, () => connects(client, 443));
  return { bantime_s: SHORT_S, began: true, lasted_ms };
}

/** How long something took to become true, ms; null when it had not within the limit. */
export async function elapsed_ms(name: string, limit_ms: number, look: () => Promise<boolean>): Promise<number | null> {
  const began = performance.now();
  const { after_ms } = await waitFor(
    name,
    async () => {
      const done = await look();
      const after_ms = performance.now() - began;
      if (done) return { after_ms };
      return after_ms > limit_ms ? { after_ms: null } : undefined;
    },
    { limit_ms: 2 * limit_ms, every_ms: EVERY_MS },
  );
  return after_ms;
}

/** Whether a new TCP connection opens. */
async function connects(client: Client, port: number): Promise<boolean> {
  const seen = await client.raw({ tls: false, port, writes: [], until: 'handshake', timeout_ms: CONNECT_MS });
  return seen.handshake_ms !== null;
}

async function openOf(client: Client, ports: readonly number[]): Promise<number[]> {
  const open = await Promise.all(ports.map((port) => connects(client, port)));
  return ports.filter((_, index) => open[index]);
}

async function isServed(client: Client): Promise<boolean> {
  return (await client.request(ORDINARY)).status === 200;
}
