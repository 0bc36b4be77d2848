import { bool, num, str, strings } from '../../../environments/ledger/values.ts';
import {
  byAddress,
  firstVisit,
  judgeCookie,
  judgePinned,
  judgePinnedRoutes,
  judgeStable,
  returns,
  strangers,
} from '../../checks/affinity.ts';
import { hashWithBackup, spreadByAddress } from '../../checks/affinity-pool.ts';
import { CUSTOMER_PATH, inWords } from '../../checks/balancing.ts';
import { judged, table } from '../../checks/exchange.ts';
import { sessionsOf } from '../../checks/websocket.ts';
import { together } from '../../outcome.ts';
import { verify, verifyLong } from '../../verify.ts';

const COOKIE = 'srv_id';
const SOCKET = '/ws';

verify('production-gateway.session-affinity.cookie', async (context) => {
  const name = str(context.claim, 'cookie');
  const client = context.client();
  const visit = await firstVisit(context, client, name);
  const [kept, others] = await Promise.all([returns(context, client, visit), strangers(context)]);
  return judgePinned({ name, visit, kept, others });
});

verify('production-gateway.session-affinity.cookie-attributes', async (context) => {
  const { claim } = context;
  const promised = {
    name: COOKIE,
    lifetime_s: num(claim, 'max_age_s'),
    path: str(claim, 'path'),
    httpOnly: bool(claim, 'httponly'),
    secure: bool(claim, 'secure'),
  };
  return judgeCookie(promised, await firstVisit(context, context.client(), COOKIE));
});

verify('production-gateway.session-affinity.cookie-survives-ip', async (context) => {
  const [home, ...elsewhere] = context.session.addresses.spread(3).map((address) => context.gateway.at(address));
  if (!home) throw new Error('no addresses');
  const visit = await firstVisit(context, home, COOKIE);
  const kept = await Promise.all(elsewhere.map((client) => returns(context, client, visit)));
  return judged(
    visit.cookie !== undefined && kept.flat().every((instance) => instance === visit.instance),
    'the holder of the cookie reaches the same instance from addresses in other networks',
    `${visit.cookie ? 'cookie' : `no cookie ${COOKIE}`} from ${visit.instance}; from other networks ${inWords(kept.flat())}`,
    [
      visit.evidence,
      table(
        'who served the client from each address',
        ['address', 'instances'],
        [
          [home.address, visit.instance],
          ...elsewhere.map(({ address }, index) => [address, inWords(kept[index] ?? [])]),
        ],
      ),
    ],
    visit.cookie ? undefined : 'no cookie is issued, and requests of any address are spread',
  );
});

verify('production-gateway.session-affinity.fallback-ip-hash', async (context) =>
  judgePinnedRoutes([await byAddress(context, CUSTOMER_PATH, [context.fresh()], 20)]),
);

verify('production-gateway.session-affinity.ttl-30m', async (context) => {
  const client = context.client();
  const visit = await firstVisit(context, client, COOKIE);
  const kept = await returns(context, client, visit);
  const lifetime = judgeCookie({ name: COOKIE, lifetime_s: 60 * num(context.claim, 'ttl_min') }, visit);
  const same = kept.every((instance) => instance === visit.instance);
  return together([
    lifetime,
    judged(same, 'its holder stays on one instance', `first ${visit.instance}, then ${inWords(kept)}`, []),
  ]);
});

verify('production-gateway.session-affinity.ip-hash-stable', async (context) => {
  const addresses = Array.from({ length: 6 }, () => context.fresh());
  return judgeStable(
    await Promise.all([CUSTOMER_PATH, SOCKET].map((route) => byAddress(context, route, addresses, 6))),
  );
});

verify('production-gateway.session-affinity.ip-hash-spread', async (context) =>
  spreadByAddress(context, SOCKET, { clients: 30, instances: num(context.claim, 'instances') }),
);

verifyLong('production-gateway.session-affinity.ip-hash-full-pool', async (context) => hashWithBackup(context, SOCKET));

verify('production-gateway.session-affinity.websocket', async (context) =>
  judgePinnedRoutes(await Promise.all(strings(context.claim, 'paths').map((path) => sessionsOf(context, path, 8)))),
);
