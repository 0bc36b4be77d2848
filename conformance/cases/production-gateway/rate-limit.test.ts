import { num, str, strings } from '../../../environments/ledger/values.ts';
import { refusedElsewhereAreBanned } from '../../checks/ban-causes.ts';
import { judgeBurst, judgeLimit, judgeLimitAndRate, judgeRate, judgeWindow } from '../../checks/rate-limit.ts';
import { delaysOf, judgeFormat, judgeLog, judgeStatuses, judgeUndelayed } from '../../checks/rate-limit-answer.ts';
import { MANY, PROBE, enough, flood, floods, pressure, sort } from '../../checks/rate-limit-flood.ts';
import type { Flooded } from '../../checks/rate-limit-flood.ts';
import {
  judgeBothCount,
  judgeCeiling,
  judgeDeniedCount,
  judgeMorePermissive,
  judgeStricter,
  judgeUsedUp,
  pathFlood,
  routeFlood,
  usedUp,
} from '../../checks/rate-limit-routes.ts';
import { judgeIsolation } from '../../checks/rate-limit-sharing.ts';
import { CLIENT_ADDRESS, CREDENTIAL, judgeZones, rateZones } from '../../checks/rate-limit-zones.ts';
import { AUTHENTICATION_SECTION } from '../../checks/authentication-section.ts';
import type { CaseContext } from '../../context.ts';
import { marker } from '../../gateway.ts';
import { together } from '../../outcome.ts';
import type { Outcome } from '../../outcome.ts';
import { verify, verifyLong } from '../../verify.ts';

const API = '/api/v1/ping';
const ADMIN = '/api/v1/admin/ping';
/** Served by the gateway itself, without a limit of its own. */
const STATIC = '/static/app.js';
const UNKNOWN = '/no-such-path';
const SOCKET = '/ws';
const STATUS_PAGE = '/nginx_status';
const LOGIN = '/api/v1/auth/login';

/** Code of the documented refusal. */
const CODE = 'RATE_LIMIT_EXCEEDED';

/** A wrong password, which costs nothing and reveals nothing. */
const WRONG_PASSWORD = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"username":"nobody","password":"wrong"}',
};

/** One of many parts that hold: its answers over time are proof enough. */
function brief(part: Outcome): Outcome {
  return part.verdict === 'conforms'
    ? { ...part, evidence: part.evidence.filter(({ kind }) => kind === 'series') }
    : part;
}

type ClaimContext = Parameters<Parameters<typeof verify>[1]>[0];

/** Burst, rate and (where the claim has one) status of the limit by address on a path, and that another address has its own. */
async function perAddress(context: ClaimContext, path: string): Promise<Outcome> {
  const { claim } = context;
  const promised = {
    rate_perMin: num(claim, 'rate_per_min'),
    burst: num(claim, 'burst'),
    ...('status' in claim.value ? { status: num(claim, 'status') } : {}),
  };
  const client = context.clientFor(path);
  const [own, other] = await floods(context.session.vantage, [
    {
      clients: [client],
      path,
      count: enough(promised.burst),
      sustained: pressure(promised.rate_perMin),
    },
    { clients: [context.clientFor(path)], path, count: 5, from_ms: 700 },
  ]);
  if (!own || !other) throw new Error('two floods have two results');
  return together([
    judgeLimitAndRate(promised, own, path),
    judgeUndelayed(own, await delaysOf(context.gateway, client.address), path),
    judgeIsolation({ loud: own, quiet: other }),
  ]);
}

verifyLong('production-gateway.rate-limit.api-per-ip', async (context) => perAddress(context, API));
verifyLong('production-gateway.rate-limit.admin-per-ip', async (context) => perAddress(context, ADMIN));
verifyLong('production-gateway.rate-limit.admin-50', async (context) => perAddress(context, ADMIN));
verifyLong('production-gateway.rate-limit.general-burst', async (context) => perAddress(context, STATIC));

verifyLong('production-gateway.rate-limit.api-sustained', async (context) => {
  const rate_perMin = num(context.claim, 'rate_per_min');
  return judgeRate(rate_perMin, await pathFlood(context, API));
});

verifyLong('production-gateway.rate-limit.refill', async (context) => {
  const intervals = [
    { path: API, rate_perMin: 60 / num(context.claim, 'api_interval_s') },
    { path: ADMIN, rate_perMin: 60 / num(context.claim, 'admin_interval_s') },
  ];
  const parts = intervals.map(async ({ path, rate_perMin }) =>
    judgeRate(rate_perMin, await pathFlood(context, path), path),
  );
  return together(await Promise.all(parts));
});

verifyLong('production-gateway.rate-limit.api-burst', async (context) => {
  const { claim } = context;
  const burst = num(claim, 'burst');
  const client = context.client();
  const plan = { clients: [client], path: API, count: enough(burst), sustained: PROBE };
  const flooded = await flood(context.session.vantage, plan);
  return together([
    judgeBurst({ burst, status: num(claim, 'status') }, flooded, API),
    judgeUndelayed(flooded, await delaysOf(context.gateway, client.address), API),
  ]);
});

verify('production-gateway.rate-limit.burst-20', async (context) => {
  const burst = num(context.claim, 'burst');
  const parts = [API, ADMIN, STATIC].map(async (path) => judgeBurst({ burst }, await pathFlood(context, path), path));
  return together((await Promise.all(parts)).map(brief));
});

verifyLong('production-gateway.rate-limit.local-endpoints', async (context) => {
  const burst = num(context.claim, 'burst');
  const parts = ['/', '/health'].map(async (path) => judgeBurst({ burst }, await pathFlood(context, path), path));
  return together(await Promise.all(parts));
});

verifyLong('production-gateway.rate-limit.general-per-ip', async (context) => {
  const { claim } = context;
  const promised = { rate_perMin: num(claim, 'rate_per_min'), burst: num(claim, 'burst') };
  const count = enough(promised.burst);
  const bursts = [UNKNOWN, SOCKET, STATUS_PAGE].map(async (path) =>
    judgeLimit(promised, await pathFlood(context, path), path),
  );
  const sustained = async (): Promise<Outcome> => judgeLimitAndRate(promised, await pathFlood(context, STATIC), STATIC);
  const shared = async (): Promise<Outcome> =>
    judgeUsedUp('another path', await usedUp(context, UNKNOWN, count, { path: STATIC, count: 12 }), 200);
  return together((await Promise.all([...bursts, sustained(), shared()])).map(brief));
});

verifyLong('production-gateway.rate-limit.general-covers-all', async (context) => {
  const { claim } = context;
  const promised = { rate_perMin: num(claim, 'rate_per_min'), burst: num(claim, 'burst') };
  const parts = strings(claim, 'paths').map(async (path) =>
    judgeCeiling(promised, path, await pathFlood(context, path)),
  );
  return together(await Promise.all(parts));
});

verify('production-gateway.rate-limit.general-inherited', async (context) => {
  const { claim } = context;
  const then = { path: STATIC, count: enough(num(claim, 'general_burst')) };
  return judgeBothCount(
    num(claim, 'general_burst'),
    await usedUp(context, API, enough(num(claim, 'api_burst')), then),
    200,
  );
});

verify('production-gateway.rate-limit.api-more-permissive', async (context) => {
  const [api, general] = await Promise.all([pathFlood(context, API), pathFlood(context, STATIC)]);
  return judgeMorePermissive(api, general);
});

verifyLong('production-gateway.rate-limit.sliding-window-100', async (context) => {
  const { claim } = context;
  const limit = num(claim, 'limit_per_min');
  return judgeWindow(
    limit,
    num(claim, 'window_s'),
    await routeFlood(context, API, limit + 10, { sustained: pressure(limit) }),
  );
});

verify('production-gateway.rate-limit.response-format', async (context) => {
  const { claim } = context;
  const format = {
    status: num(claim, 'status'),
    retryAfter_s: num(claim, 'retry_after_s'),
    remaining: num(claim, 'remaining'),
    contentType: str(claim, 'content_type'),
    code: CODE,
  };
  const judged = async (path: string, limit: number): Promise<Outcome> => {
    const flooded = await routeFlood(context, path, MANY);
    return judgeFormat({ ...format, limit }, flooded, sort(flooded).refused, Date.now() / 1000);
  };
  return together(await Promise.all([judged(API, num(claim, 'limit')), judged(ADMIN, num(claim, 'admin_limit'))]));
});

async function refusals(
  context: CaseContext,
  routes: readonly string[],
  status: number,
  measure: (route: string) => Promise<Flooded> = (route) => pathFlood(context, route),
): Promise<Outcome> {
  return judgeStatuses(
    status,
    await Promise.all(routes.map(async (route) => ({ route, flooded: await measure(route) }))),
  );
}

verify('production-gateway.rate-limit.status-429-everywhere', async (context) =>
  refusals(context, [API, ADMIN, SOCKET, STATIC, UNKNOWN], num(context.claim, 'status')),
);
verifyLong('production-gateway.rate-limit.refusal-status-429', async (context) =>
  refusals(context, [API, ADMIN, SOCKET, STATIC, UNKNOWN], num(context.claim, 'status')),
);
verify('production-gateway.rate-limit.status-auth-section', async (context) => {
  const inForce = /^\s*auth_request\s/m.test(await context.gateway.config());
  const { gateway } = inForce ? context : await context.replica({ backends: 'shared', edit: AUTHENTICATION_SECTION });
  return refusals(context, [API, ADMIN], num(context.claim, 'status_expected'), (route) =>
    routeFlood(context, route, MANY, { gateway }),
  );
});

verify('production-gateway.rate-limit.invalid-admin-requests-counted', async (context) => {
  const burst = num(context.claim, 'burst');
  const [withoutToken, deniedAddress] = await floods(context.session.vantage, [
    {
      clients: [context.clientFor(ADMIN)],
      path: ADMIN,
      count: enough(burst),
      options: { headers: { 'x-admin-token': null } },
    },
    { clients: [context.client()], path: ADMIN, count: enough(burst) },
  ]);
  if (!withoutToken || !deniedAddress) throw new Error('two floods have two results');
  return together([
    judgeDeniedCount(burst, 'without a token', withoutToken),
    judgeDeniedCount(burst, 'from elsewhere', deniedAddress),
  ]);
});

verify('production-gateway.rate-limit.custom-sensitive-endpoints', async (context) => {
  const [logins, ordinary] = await Promise.all([
    routeFlood(context, LOGIN, MANY, { options: WRONG_PASSWORD }),
    routeFlood(context, API, MANY),
  ]);
  return judgeStricter(logins, ordinary);
});

verify('production-gateway.rate-limit.rejections-logged', async (context) => {
  const promised = { level: str(context.claim, 'level'), linesPerRefusal: num(context.claim, 'lines_per_refusal') };
  const parts = ['', '/api/v1'].map(async (under) => {
    const client = context.client();
    const name = marker('refused');
    const path = `${under}/${name}`;
    const flooded = await flood(context.session.vantage, { clients: [client], path, count: MANY });
    return judgeLog(promised, flooded, await context.gateway.errorLog(name), client.address);
  });
  return together(await Promise.all(parts));
});

verify('production-gateway.rate-limit.zones', async (context) => {
  const { claim } = context;
  const zone = (name: string, keys: readonly string[]) => ({ name, keys, rate_perMin: num(claim, 'zones', name) });
  const promised = [
    zone('general', CLIENT_ADDRESS),
    zone('api', CLIENT_ADDRESS),
    zone('admin', CLIENT_ADDRESS),
    zone('per_user', CREDENTIAL),
  ];
  return judgeZones(promised, num(claim, 'size_mib') * 1024 ** 2, rateZones(await context.gateway.config()));
});

verifyLong('production-gateway.rate-limit.fail2ban', (context) => {
  const { claim } = context;
  return refusedElsewhereAreBanned(context, {
    what: 'refusals by rate',
    maxretry: num(claim, 'maxretry'),
    findtime_s: num(claim, 'findtime_s'),
    bantime_s: num(claim, 'bantime_s'),
  });
});
