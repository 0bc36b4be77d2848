import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { byAddress, pinnedByAddress } from './affinity.ts';
import { inTurn, inWords, servedBy } from './balancing.ts';
import { acceptsConfig, frame } from './config-test.ts';
import { judged, table } from './exchange.ts';
import { CUSTOMER_POOL, pool, primaries } from './upstream-block.ts';

const REPEATS = 6;

/**
 * Affinity by address over the whole customer pool, its backup included. Where a
 * route has it, the backup has to serve once all others are gone; where none has,
 * the documented directive is tried on the pool as it stands.
 */
export async function hashWithBackup(context: CaseContext, route: string): Promise<Outcome> {
  const expected = 'affinity by address works on the customer pool with its backup server';
  const config = await context.gateway.config();
  const customer = pool(config, CUSTOMER_POOL);
  const seen = await byAddress(context, route, [context.fresh(), context.fresh()], REPEATS);
  if (!pinnedByAddress(seen)) {
    const hashed = customer.text.replace(/\bleast_conn\s*;/, 'ip_hash;');
    const { accepted, said } = await acceptsConfig(context.gateway, frame(hashed));
    return judged(
      accepted && hashed !== customer.text,
      expected,
      `no route is pinned by address; with ip_hash in the pool nginx -t ${accepted ? 'accepts it' : `says: ${said}`}`,
      [
        { kind: 'config', title: 'tried with nginx -t', text: hashed },
        { kind: 'log', title: 'nginx -t', lines: [said] },
      ],
      'ip_hash and backup exclude each other in nginx',
    );
  }
  const replica = await context.replica();
  const client = context.client('clients', replica.gateway);
  await Promise.all(primaries(customer).map((instance) => replica.behave(instance, { listening: false })));
  const last = (await inTurn(context, client, route, REPEATS)).map(servedBy);
  const spares = customer.servers.filter(({ backup }) => backup).map(({ host }) => host);
  return judged(
    last.every((name) => spares.includes(name)),
    expected,
    `${route} is pinned by address; with all active instances gone it is served by ${inWords(last)}`,
    [
      table(
        'who served each address',
        ['address', 'instances'],
        seen.clients.map(({ address, instances }) => [address, inWords(instances)]),
      ),
    ],
  );
}
