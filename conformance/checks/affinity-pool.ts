import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { byAddress, pinnedByAddress } from './affinity.ts';
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
