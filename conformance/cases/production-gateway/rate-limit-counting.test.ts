import { num, str } from '../../../environments/ledger/values.ts';
import { cdnClient } from '../../checks/client-address.ts';
import { limitInRedis } from '../../checks/limit-store.ts';
import { judgeBurst, judgeLimit, judgeLimitAndRate, judgeRate } from '../../checks/rate-limit.ts';
import { judgeFormat } from '../../checks/rate-limit-answer.ts';
import { MANY, MANY_OF_ONE_USER, PROBE, enough, floodTwice, floods, pressure } from '../../checks/rate-limit-flood.ts';
import type { Flood, Flooded } from '../../checks/rate-limit-flood.ts';
import { judgeAnonymous, judgeUsedUp, usedUp } from '../../checks/rate-limit-routes.ts';
import {
  FEW,
  adminFloods,
  behindEdge,
  fromMany,
  judgeBehindEdge,
  judgeIsolation,
  judgePerAdmin,
  judgeShared,
  judgeSharedEverywhere,
  judgeUncounted,
  neighbours,
  oneUser,
  overNodes,
  refusedBySecond,
  userFlood,
} from '../../checks/rate-limit-sharing.ts';
import { judgeLuaLimiter } from '../../checks/rate-limit-zones.ts';
import type { RequestOptions } from '../../gateway.ts';
import { together } from '../../outcome.ts';
import { verify, verifyLong } from '../../verify.ts';

const API = '/api/v1/ping';
const ADMIN = '/api/v1/admin/ping';
/** Served by the gateway itself, without a limit of its own. */
const STATIC = '/static/app.js';

/** Code of the documented refusal. */
const CODE = 'RATE_LIMIT_EXCEEDED';

verifyLong('production-gateway.rate-limit.isolation', async (context) =>
  judgeIsolation(await neighbours(context, API, MANY)),
);

verify('production-gateway.rate-limit.spoofed-forwarded-for', async (context) => {
  const forged = {
    count: 20,
    options: (index: number) => ({ headers: { 'x-forwarded-for': `192.0.2.${String(index + 1)}` } }),
  };
  const parts = [API, STATIC].map(async (path) =>
    judgeUsedUp(`forged requests to ${path}`, await usedUp(context, path, MANY, forged)),
  );
  return together(await Promise.all(parts));
});

verify('production-gateway.rate-limit.per-client-behind-cdn', async (context) => {
  const { client: edge } = await cdnClient(context);
  const client = (): Flood => ({
    clients: [edge],
    path: API,
    count: MANY,
    options: behindEdge(context.fresh().address),
  });
  const { first, then } = await floodTwice(context.session.vantage, client(), client());
  return judgeBehindEdge(first, then);
});

verify('production-gateway.rate-limit.distributed', async (context) => {
  const { claim } = context;
  const promised = { rate_perMin: num(claim, 'api_rate_per_min'), burst: num(claim, 'burst') };
  return judgeShared(promised, await overNodes(context, API, enough(promised.burst), enough(promised.burst)));
});

verify('production-gateway.rate-limit.redis-backed', (context) => limitInRedis(context, API));

verify('production-gateway.rate-limit.lua-loads', async (context) => {
  const paths = ['/', '/health', API].map(async (path) => ({ path, nodes: await overNodes(context, path, MANY, FEW) }));
  const size_bytes = num(context.claim, 'lua_shared_dict_mb') * 1024 ** 2;
  return together([
    judgeLuaLimiter(await context.gateway.config(), size_bytes),
    judgeSharedEverywhere(await Promise.all(paths)),
  ]);
});

verify('production-gateway.rate-limit.lua-response', async (context) => {
  const { claim } = context;
  const nodes = await overNodes(context, API, MANY, FEW);
  const format = { status: num(claim, 'status'), retryAfter_s: num(claim, 'retry_after_s'), code: CODE };
  return judgeFormat(format, nodes.second, refusedBySecond(nodes), Date.now() / 1000);
});

verify('production-gateway.rate-limit.admin-per-admin', async (context) =>
  judgePerAdmin(await adminFloods(context, ADMIN, 25)),
);

verifyLong('production-gateway.rate-limit.per-user-token', async (context) => {
  const { claim } = context;
  const promised = {
    rate_perMin: num(claim, 'rate_per_min'),
    burst: num(claim, 'burst'),
    status: num(claim, 'status'),
  };
  const count = enough(promised.burst);
  const anonymous = { headers: { authorization: null } };
  // The others come while the first goes on with little pressure.
  const [flooded, several, nobody] = await floods(context.session.vantage, [
    fromMany(context, { path: API, count, options: oneUser(), sustained: pressure(promised.rate_perMin) }),
    fromMany(context, { path: API, count, options: () => oneUser(), from_ms: 3_000 }),
    fromMany(context, { path: API, count, options: anonymous, from_ms: 6_000 }),
  ]);
  if (!flooded || !several || !nobody) throw new Error('three floods have three results');
  return together([
    judgeLimitAndRate(promised, flooded, 'one user'),
    judgeUncounted('a token for each request', several),
    judgeUncounted('without the header', nobody),
  ]);
});

verifyLong('production-gateway.rate-limit.per-user-value', async (context) => {
  const { claim } = context;
  // Pressed upon faster than either of the two documented rates.
  const sustained = pressure(num(claim, 'rate_per_min_config'));
  return judgeRate(
    num(claim, 'rate_per_min_routes'),
    await userFlood(context, { path: API, count: enough(num(claim, 'burst')), options: oneUser(), sustained }),
    'one user',
  );
});

verifyLong('production-gateway.rate-limit.per-user-quota', async (context) => {
  const { claim } = context;
  const sustained = pressure(num(claim, 'zone_per_min'));
  return judgeRate(
    num(claim, 'routing_table_per_min'),
    await userFlood(context, { path: API, count: MANY_OF_ONE_USER, options: oneUser(), sustained }),
    'one user',
  );
});

verifyLong('production-gateway.rate-limit.per-user-location', async (context) => {
  const { claim } = context;
  const burst = num(claim, 'burst');
  const flooded = await userFlood(context, {
    path: `${str(claim, 'location')}ping`,
    count: enough(burst),
    options: oneUser('admin'),
    sustained: PROBE,
  });
  return judgeBurst({ burst }, flooded, 'one administrator');
});

verifyLong('production-gateway.rate-limit.per-user-on-admin', async (context) => {
  const { claim } = context;
  const promised = { rate_perMin: num(claim, 'rate_per_min'), burst: num(claim, 'burst') };
  return judgeLimit(
    promised,
    await userFlood(context, {
      path: ADMIN,
      count: enough(promised.burst),
      options: oneUser('admin'),
      sustained: PROBE,
    }),
    'one administrator',
  );
});

verify('production-gateway.rate-limit.per-user-anonymous', async (context) => {
  const measure = (options: RequestOptions): Promise<Flooded> =>
    userFlood(context, { path: API, count: MANY_OF_ONE_USER, options });
  const [user, anonymous] = await Promise.all([measure(oneUser()), measure({ headers: { authorization: null } })]);
  return judgeAnonymous(user, anonymous);
});
