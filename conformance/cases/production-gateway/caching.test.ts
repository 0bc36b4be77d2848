import { nginxSeconds } from '../../../environments/harness/config.ts';
import { num, strings } from '../../../environments/ledger/values.ts';
import { answersTable, cacheable, inTurn, judgeLockTime, sameDirectives, stored } from '../../checks/cache.ts';
import { judged } from '../../checks/exchange.ts';
import { asExchange, bodyText, header, headersNamed, latency_ms } from '../../clients/observe.ts';
import type { CaseContext } from '../../context.ts';
import { marker } from '../../gateway.ts';
import { inconclusive, together } from '../../outcome.ts';
import { verify, verifyLong } from '../../verify.ts';

/** What backends were asked; the gateway's own questions to the authentication service do not count. */
const backendArrivals = async (context: CaseContext, mark: string) =>
  (await context.arrivals(mark)).filter(({ service }) => service !== 'auth');

const NO_CACHE = 'no cache is configured for the API';

/** One user for a whole case. */
const sameUser = () => ({ headers: { authorization: `Bearer valid:${marker('cache')}:user` } });

verify('production-gateway.caching.api-responses', async (context) => {
  const client = context.client();
  const rules = ['max-age=30', 'no-store', 'private', undefined];
  const user = sameUser();
  const paths = rules.map((rule) => cacheable(marker(), rule));
  const seen = await inTurn(
    client,
    paths.flatMap((path) => [path, path]),
    user,
  );
  const reused = rules.map((_, index) => {
    const [first, second] = [seen[2 * index], seen[2 * index + 1]];
    return first !== undefined && second !== undefined && stored(first, second);
  });
  const names = rules.flatMap((rule) => [`${rule ?? 'no Cache-Control'}, first`, 'again']);
  return judged(
    reused[0] === true && !reused.slice(1).includes(true),
    'only the answer with max-age=30 is served from the cache the second time',
    rules.map((rule, index) => `${rule ?? 'no Cache-Control'}: ${reused[index] ? 'stored' : 'asked again'}`).join('; '),
    [answersTable('each path twice', names, seen)],
    NO_CACHE,
  );
});

verify('production-gateway.caching.key', async (context) => {
  const parts = strings(context.claim, 'key');
  const client = context.client();
  const mark = marker();
  const path = `${cacheable(mark, 'max-age=30')}&a=1`;
  const other = `${cacheable(mark, 'max-age=30')}&a=2`;
  const { headers } = sameUser();
  const seen = await client.all(
    [
      { path },
      { path },
      { path: other },
      { path: `${cacheable(`${mark}-2`, 'max-age=30')}&a=1` },
      { path, method: 'HEAD' },
    ].map((planned) => ({ ...planned, headers, connection: 'key' })),
  );
  // The same user from elsewhere, with another program and another way to write the host: no part of the key.
  const host = context.gateway.serverName.toUpperCase();
  const elsewhere = await context
    .client()
    .request(path, { headers: { ...headers, 'user-agent': 'another', host, accept: 'text/x', cookie: 'a=b' } });
  const asked = (await backendArrivals(context, mark)).map(({ method, url }) => `${method} ${url}`);
  const [first, second] = seen;
  const hit = first !== undefined && [second, elsewhere].every((one) => one !== undefined && stored(first, one));
  // Asked: the first GET, the other query, the other path, and HEAD, which is not answered from GET's entry.
  return judged(
    hit && asked.length === 4,
    `${parts.join(', ')} make the key: the same request is stored, another query, path or method is not`,
    `${hit ? 'repeated GETs served from the cache' : 'a repeated GET asked the backend again'}; ${String(asked.length)} of 6 requests reached a backend`,
    [
      {
        kind: 'table',
        title: 'requests that reached a backend',
        columns: ['request'],
        rows: asked.map((line) => [line]),
      },
    ],
    NO_CACHE,
  );
});

verify('production-gateway.caching.user-isolation', async (context) => {
  const mark = marker();
  const users = ['first', 'second', 'first', 'second'].map((name) => `${mark}-${name}`);
  // Every answer may be stored, and names the user that it was made for.
  const answerFor = (user: string) => ({
    headers: { authorization: `Bearer valid:${user}:admin` },
    behave: { body: user, headers: { 'cache-control': 'max-age=60' } },
    connection: 'users',
  });
  const seen = await Promise.all(
    ['/api/v1/profile/', '/api/v1/admin/profile/'].map((route) =>
      context.clientFor(route).all(users.map((user) => ({ path: `${route}${mark}`, ...answerFor(user) }))),
    ),
  );
  const rows = seen.flatMap((answers, route) =>
    answers.map((one, index) => ({ api: route === 0 ? 'customer' : 'admin', user: users[index] ?? '', one })),
  );
  const leaked = rows.filter(({ user, one }) => bodyText(one) !== user);
  return judged(
    leaked.length === 0 && rows.every(({ one }) => one.status === 200),
    'no answer of one user reaches another, on the customer and the admin API',
    leaked.length === 0
      ? 'every user got answers of their own'
      : leaked.map(({ api, user, one }) => `${api} API: ${user} got ${String(one.status)} ${bodyText(one)}`).join('; '),
    [
      {
        kind: 'table',
        title: 'two users, one path',
        columns: ['API', 'asked by', 'status', 'answer made for', 'X-Cache-Status'],
        rows: rows.map(({ api, user, one }) => [
          api,
          user,
          one.status ?? 0,
          bodyText(one).slice(0, 60),
          header(one, 'x-cache-status') ?? 'absent',
        ]),
      },
    ],
  );
});

verify('production-gateway.caching.lock', async (context) => {
  const hits = num(context.claim, 'backend_hits');
  const client = context.client();
  const mark = marker();
  const count = 9;
  const seen = await client.all(
    Array.from({ length: count }, () => ({
      path: cacheable(mark, 'max-age=30'),
      ...sameUserOf(mark),
      preconnect: true,
      behave: { delay_ms: 1_200 },
    })),
  );
  const asked = await backendArrivals(context, mark);
  const lock_s = num(context.claim, 'lock_timeout_s');
  const parallel = judged(
    asked.length === hits && seen.every(({ status }) => status === 200),
    `${String(count)} parallel requests for a new path: ${String(hits)} at the backend, all answered`,
    `${String(asked.length)} at the backend; ${String(seen.filter(({ status }) => status === 200).length)} of ${String(count)} answered 200`,
    [
      answersTable(
        'parallel requests',
        Array.from({ length: count }, (_, index) => `request ${String(index + 1)}`),
        seen,
      ),
    ],
    NO_CACHE,
  );
  return together([parallel, judgeLockTime(lock_s, await context.gateway.config())]);
});

const sameUserOf = (mark: string) => ({ headers: { authorization: `Bearer valid:${mark}:user` } });

verifyLong('production-gateway.caching.api-responses-5m', async (context) => {
  const { claim } = context;
  const ttl_s = num(claim, 'ttl_s');
  const scale = 100;
  const replica = await context.replica({ backends: 'private', scale });
  const client = context.client('clients', replica.gateway);
  const mark = marker();
  const path = cacheable(mark);
  const config = await context.gateway.config();
  const valid = /proxy_cache_valid\s+200\s+(\S+);/.exec(config)?.[1];
  const zone = /proxy_cache_path\s[^;]*keys_zone=\w+:(\d+)m/.exec(config)?.[1];
  const configured = valid === undefined ? undefined : nginxSeconds(valid);
  const scaled_ms = Math.max(3, ttl_s / scale) * 1000;
  const user = sameUserOf(mark);
  const at = [0, 300, 1_000, scaled_ms + 1_500];
  const seen = await client.all(at.map((at_ms) => ({ path, at_ms, ...user })));
  const [first, ...later] = seen;
  const kept = later.map((one) => first !== undefined && stored(first, one));
  const expected = `a 200 is stored for ${String(ttl_s)} s, in a zone of ${String(num(claim, 'zone_mb'))} MB`;
  return judged(
    kept[0] === true &&
      kept[1] === true &&
      kept[2] === false &&
      configured === ttl_s &&
      Number(zone) === num(claim, 'zone_mb'),
    expected,
    `proxy_cache_valid ${valid ?? 'not set'}, zone ${zone ?? 'none'} MB (nginx -T); with durations divided by ${String(scale)}: ${kept.map((hit, index) => `${String((at[index + 1] ?? 0) / 1000)} s ${hit ? 'stored' : 'asked again'}`).join(', ')}`,
    [
      answersTable(
        'one path over time',
        at.map((ms) => `${String(ms / 1000)} s`),
        seen,
      ),
    ],
    NO_CACHE,
  );
});

verifyLong('production-gateway.caching.background-refresh', async (context) => {
  const client = context.client();
  const mark = marker();
  const path = cacheable(mark, 'max-age=3');
  const user = sameUserOf(mark);
  const slow_ms = 3_000;
  // Expired after 3 s; then the backend is slow, and what is stored must be served at once.
  const seen = await client.all([
    { path, at_ms: 0, ...user },
    { path, at_ms: 500, ...user },
    { path, at_ms: 4_500, ...user, behave: { delay_ms: slow_ms } },
  ]);
  const [first, second, third] = seen;
  if (!first || !second || !third) throw new Error('an observation is missing');
  const took = Math.round(latency_ms(third));
  const served = stored(first, second) && stored(first, third) && took < slow_ms / 2;
  const expected = 'an expired entry is served at once while a slow backend makes a new one';
  const evidence = [
    answersTable('fresh, stored, expired', ['first', 'after 0.5 s', 'after 4.5 s, backend slow'], seen),
  ];
  if (stored(first, third) && took >= slow_ms / 2)
    return inconclusive(expected, `stored answer after ${String(took)} ms`, 'the machine was too slow', evidence);
  return judged(
    served,
    expected,
    stored(first, third) ? `served in ${String(took)} ms` : `not served from the cache; took ${String(took)} ms`,
    evidence,
    NO_CACHE,
  );
});

verify('production-gateway.caching.static', async (context) => {
  const client = context.client();
  const path = '/static/app.js';
  const first = await client.request(path);
  const days = Number(/max-age=(\d+)/.exec(headersNamed(first, 'cache-control').join(', '))?.[1] ?? '0') / 86_400;
  const [etag, modified] = [header(first, 'etag'), header(first, 'last-modified')];
  const again = await client.request(path, {
    headers: { ...(etag ? { 'if-none-match': etag } : {}), ...(modified ? { 'if-modified-since': modified } : {}) },
  });
  return judged(
    first.status === 200 &&
      days === num(context.claim, 'expires_days') &&
      (etag ?? modified) !== undefined &&
      again.status === 304,
    `cacheable for ${String(num(context.claim, 'expires_days'))} days with a validator; 304 on revalidation`,
    `${String(first.status)}, ${String(days)} days, ${etag ? 'ETag' : 'no ETag'}; revalidation ${String(again.status)}`,
    [asExchange(client.step({ path }, 0), first)],
  );
});

/** Files of both variants, of two types: a location for one type would take its files from the folder's. */
const FILES = ['/static/app.js', '/static/logo.svg'];
const MISSING = '/static/missing.js';

verify('production-gateway.caching.static-30d', async (context) => {
  const { claim } = context;
  const max_age_s = num(claim, 'max_age_s');
  const client = context.client();
  const seen = await client.all([...FILES, MISSING].map((path) => ({ path })));
  const wanted = [`max-age=${String(max_age_s)}`, ...strings(claim, 'directives')];
  const files = FILES.map((path, index) => {
    const found = seen[index];
    if (!found) throw new Error('an observation is missing');
    const joined = headersNamed(found, 'cache-control').join(', ');
    const directives = joined.split(',').map((part) => part.trim().toLowerCase());
    const date = Date.parse(header(found, 'date') ?? '');
    const ahead_s = (Date.parse(header(found, 'expires') ?? '') - date) / 1000;
    const holds = found.status === 200 && sameDirectives(directives, wanted) && Math.abs(ahead_s - max_age_s) <= 2;
    return { path, found, holds, text: `${path}: ${joined || 'absent'}; Expires ${String(ahead_s)} s ahead` };
  });
  const missing = seen.at(-1);
  const bare =
    missing?.status === 404 &&
    headersNamed(missing, 'cache-control').length === 0 &&
    header(missing, 'expires') === undefined;
  return judged(
    files.every(({ holds }) => holds) && bare,
    `${wanted.join(', ')} and Expires ${String(max_age_s)} s ahead; a 404 carries neither`,
    `${files.map(({ text }) => text).join('; ')}; ${bare ? '404 without caching headers' : 'a missing file not so'}`,
    files.map(({ path, found }, index) => asExchange(client.step({ path }, index), found)),
  );
});
