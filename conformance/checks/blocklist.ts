import { waitFor } from '../../environments/harness/wait.ts';
import { asExchange } from '../clients/observe.ts';
import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import type { Evidence } from '../../reports/record/types.ts';
import { deliverOne, judged, outcomeOf } from './exchange.ts';
import type { Delivered } from './exchange.ts';
import { keysAbout } from './store-keys.ts';

/** How soon a block, and its end, must be in force. ms */
const IN_FORCE_LIMIT_MS = 10_000;

/** What may pass between a block and the look at how long it lasts. s */
const SLACK_S = 60;

/** Path of a configuration's interface for blocking addresses by hand; undefined without one. */
export function blocklistPath(config: string): string | undefined {
  const uncommented = config.replace(/^\s*#.*$/gm, '');
  return /^\s*location\s+(?:=\s*|\^~\s*)?(\/\S*(?:block|black|ban)-?list\S*)/im.exec(uncommented)?.[1];
}

/**
 * An administrator blocks one address while the gateway runs: it is refused from
 * then on, others are not, and it is served again once the block is lifted.
 */
export async function manualBlock(context: CaseContext, lasts_s: number): Promise<Outcome> {
  const expected = `an administrator, and nobody else, can block an address while the gateway runs, for ${String(lasts_s)} s or until it is lifted`;
  const path = blocklistPath(await context.gateway.config());
  const excerpt: Evidence = {
    kind: 'config',
    title: 'nginx -T: interface for blocking an address',
    text: path ?? 'none',
  };
  if (path === undefined) {
    return judged(
      false,
      expected,
      'the gateway has no interface for it: no location, no file of addresses that is read again',
      [excerpt],
      'addresses can only be blocked by changing the configuration',
    );
  }
  const [suspect, admin] = [context.client(), context.client('operators')];
  const asked = `${path}?address=${suspect.address}`;
  const ask = () => deliverOne(context, { client: suspect, path: '/api/v1/blocked' });
  const before = await ask();
  const stranger = await context.client().request(asked, { method: 'POST' });
  const untouched = await ask();
  const block = await admin.request(asked, { method: 'POST' });
  const during = await askUntil(ask, isRefused, 'the block in force');
  const left_s = await longestLife_s(context, suspect.address);
  const other = await deliverOne(context, { client: context.client(), path: '/api/v1/blocked' });
  const lift = await admin.request(asked, { method: 'DELETE' });
  const after = await askUntil(ask, ({ arrivals }) => arrivals.length > 0, 'the block lifted');
  const lastsLong = left_s !== undefined && left_s <= lasts_s && left_s > lasts_s - SLACK_S;
  const guarded = (stranger.status ?? 0) >= 400 && untouched.arrivals.length > 0;
  const holds =
    guarded &&
    lastsLong &&
    before.arrivals.length > 0 &&
    isRefused(during) &&
    other.arrivals.length > 0 &&
    after.arrivals.length > 0;
  return judged(
    holds,
    expected,
    `before ${outcomeOf(before.seen)}, block by a client ${outcomeOf(stranger)}, then ${outcomeOf(untouched.seen)}, ` +
      `block by an administrator ${outcomeOf(block)}, then ${outcomeOf(during.seen)} (another address ${outcomeOf(other.seen)}), ` +
      `for ${left_s === undefined ? 'no time that the store knows' : `${String(left_s)} s more`}, ` +
      `lift ${outcomeOf(lift)}, then ${outcomeOf(after.seen)}`,
    [
      asExchange(admin.step({ path: asked, method: 'POST' }, 0), block, 'blocking'),
      asExchange(suspect.step({ path: during.path }, 0), during.seen, 'while blocked'),
    ],
  );
}

/** What is stored about an address, and lasts longest: seconds left, undefined without an end or without anything. */
async function longestLife_s(context: CaseContext, address: string): Promise<number | undefined> {
  const left = (await keysAbout(context, address)).flatMap(({ left_s }) => left_s ?? []);
  return left.length === 0 ? undefined : Math.max(...left);
}

/** Whether the gateway refused a blocked address by itself: 403, or the connection closed. */
export function isRefused({ seen, arrivals }: Pick<Delivered, 'seen' | 'arrivals'>): boolean {
  return arrivals.length === 0 && (seen.status === null || seen.status === 403);
}

/** The first answer that is as hoped for, or the last one when none is in time. */
async function askUntil(
  ask: () => Promise<Delivered>,
  hoped: (one: Delivered) => boolean,
  what: string,
): Promise<Delivered> {
  const began = performance.now();
  return waitFor(
    what,
    async () => {
      const one = await ask();
      return hoped(one) || performance.now() - began > IN_FORCE_LIMIT_MS ? one : undefined;
    },
    { limit_ms: 2 * IN_FORCE_LIMIT_MS, every_ms: 500 },
  );
}
