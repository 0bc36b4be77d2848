import type { ConfigEdit } from '../../environments/harness/types.ts';
import type { ClientAddress } from '../addresses.ts';
import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { byAddress, judgeSpread, pinnedByAddress } from './affinity.ts';
import { inTurn, inWords, servedBy } from './balancing.ts';
import { acceptsConfig, frame } from './config-test.ts';
import type { Tested } from './config-test.ts';
import { judged, table } from './exchange.ts';
import { CUSTOMER_POOL, pool, primaries } from './upstream-block.ts';

const REPEATS = 6;
const EXPECTED = 'affinity by address works on the customer pool with its backup server';

/** Judges that a pinned route ends with the backup when all active instances are gone. */
export function judgeSpare(
  route: string,
  spares: readonly string[],
  last: readonly string[],
  seen: readonly { readonly address: string; readonly instances: readonly string[] }[],
): Outcome {
  return judged(
    last.length > 0 && last.every((name) => spares.includes(name)),
    EXPECTED,
    `${route} is pinned by address; with all active instances gone it is served by ${inWords(last)}`,
    [
      table(
        'who served each address',
        ['address', 'instances'],
        seen.map(({ address, instances }) => [address, inWords(instances)]),
      ),
    ],
  );
}

/** The pool with the documented directive in place of its method; unchanged when it has none. */
export function hashed(block: string): string {
  return block.replace(/\bleast_conn\s*;/, 'ip_hash;');
}

/** The documented pool for affinity by address: its directive, and no backup, which it would refuse. */
export const hashedWithoutBackup: ConfigEdit = (_path, text) =>
  text.replace(new RegExp(`\\bupstream\\s+${CUSTOMER_POOL}\\s*\\{[^}]*\\}`), (block) =>
    hashed(block).replaceAll(/^\s*server\s[^;]*\bbackup\s*;\n/gm, ''),
  );

/** Those of the addresses that lie in the /24 of most of them. */
export function ofOneNetwork(addresses: readonly ClientAddress[]): readonly ClientAddress[] {
  const networks = Map.groupBy(addresses, ({ address }) => address.slice(0, address.lastIndexOf('.')));
  return [...networks.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
}

/**
 * Clients of one /24, and one client in each of many, on a route that is pinned
 * by address. Where the route is not, the documented directive is put in force
 * on a replica.
 */
export async function spreadByAddress(
  context: CaseContext,
  route: string,
  { clients, instances }: { readonly clients: number; readonly instances: number },
): Promise<Outcome> {
  const pinned = pinnedByAddress(await byAddress(context, route, [context.fresh(), context.fresh()], REPEATS));
  const gateway = pinned
    ? context.gateway
    : (await context.replica({ backends: 'shared', edit: hashedWithoutBackup })).gateway;
  const series = [
    { addresses: ofOneNetwork(context.session.addresses.many(clients)), where: 'of one /24' },
    { addresses: context.session.addresses.spread(clients), where: `of ${String(clients)} networks` },
  ];
  const seen = await Promise.all(
    series.map(async ({ addresses, where }) => ({
      ...(await byAddress(context, route, addresses, 1, gateway)),
      where: pinned ? where : `with ip_hash, ${where}`,
    })),
  );
  return judgeSpread(instances, seen);
}

/** Judges the documented directive by what nginx says to the pool with it. */
export function judgeHashed(text: string, { accepted, said }: Tested): Outcome {
  return judged(
    accepted && text.includes('ip_hash;'),
    EXPECTED,
    `no route is pinned by address; with ip_hash in the pool nginx -t ${accepted ? 'accepts it' : `says: ${said}`}`,
    [
      { kind: 'config', title: 'tried with nginx -t', text },
      { kind: 'log', title: 'nginx -t', lines: [said] },
    ],
    'ip_hash and backup exclude each other in nginx',
  );
}

/**
 * Affinity by address over the whole customer pool, its backup included. Where a
 * route has it, the backup has to serve once all others are gone; where none has,
 * the documented directive is tried on the pool as it stands.
 */
export async function hashWithBackup(context: CaseContext, route: string): Promise<Outcome> {
  const customer = pool(await context.gateway.config(), CUSTOMER_POOL);
  const seen = await byAddress(context, route, [context.fresh(), context.fresh()], REPEATS);
  if (!pinnedByAddress(seen)) {
    const text = hashed(customer.text);
    return judgeHashed(text, await acceptsConfig(context.gateway, frame(text)));
  }
  const replica = await context.replica();
  const client = context.client('clients', replica.gateway);
  await Promise.all(primaries(customer).map((instance) => replica.behave(instance, { listening: false })));
  const last = (await inTurn(context, client, route, REPEATS)).map(servedBy);
  const spares = customer.servers.filter(({ backup }) => backup).map(({ host }) => host);
  return judgeSpare(route, spares, last, seen.clients);
}
