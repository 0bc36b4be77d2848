import { bool, num, numbers, str, strings } from '../../../environments/ledger/values.ts';
import { header } from '../../clients/observe.ts';
import { deliver, deliverOne, judged, listed, outcomeOf, proof, table } from '../../checks/exchange.ts';
import { singleEntryPoint } from '../../checks/exposed-ports.ts';
import { contentTypeFault, jsonObject, madeLocally, showsStatistics } from '../../checks/local-answers.ts';
import { operator, poolsOf, routing } from '../../checks/routing.ts';
import { methodsUnchanged, targetsUnchanged } from '../../checks/unchanged.ts';
import { staticOrigin, traversal } from '../../checks/paths.ts';
import { upgrades } from '../../checks/upgrade.ts';
import { unknownHost } from '../../checks/unknown-host.ts';
import { verify } from '../../verify.ts';

const json = { 'content-type': 'application/json' };

verify('production-gateway.routing.single-entry-point', async (context) =>
  singleEntryPoint(context, numbers(context.claim, 'gateway_ports'), numbers(context.claim, 'hidden_ports')),
);

verify('production-gateway.routing.admin-prefix', async (context) => {
  const prefix = str(context.claim, 'prefix');
  const encoded = prefix.replace('admin', '%61dmin');
  return routing(context, `everything below ${prefix} is served by the admin pool`, [
    { path: `${prefix}x`, server: 'admin' },
    { path: prefix, server: 'admin' },
    { path: `${prefix}users/7/roles/edit`, server: 'admin' },
    { path: `${prefix}report?sort=name&next=/api/v1/x`, server: 'admin' },
    ...['POST', 'PUT', 'DELETE'].map((method) => ({
      path: `${prefix}x`,
      server: 'admin' as const,
      options: { method, headers: json, ...(method === 'DELETE' ? {} : { body: '{"a":1}' }) },
    })),
    { path: `${encoded}x`, server: 'admin', mayRefuse: true },
    { path: `${prefix.replace('/v1/', '/v1//')}x`, server: 'admin', mayRefuse: true },
    { path: `${prefix.replace('/admin', '/x/../admin')}y`, server: 'admin', mayRefuse: true },
  ]);
});

verify('production-gateway.routing.customer-prefix', async (context) => {
  const prefix = str(context.claim, 'prefix');
  const paths = ['x', 'administrator/x', 'adminx', 'users/1/admin/x', 'profile?next=/api/v1/admin/'];
  return routing(context, `everything below ${prefix} outside the admin prefix is served by the customer pool`, [
    ...paths.map((path) => ({ path: `${prefix}${path}`, server: 'customer' as const })),
    { path: `${prefix}x`, server: 'customer', options: { method: 'POST', headers: json, body: '{"a":1}' } },
    { path: `${prefix}x`, server: 'customer', options: { method: 'DELETE' } },
    { path: `${prefix}admin/x`, server: 'admin' },
  ]);
});

verify('production-gateway.routing.admin-vs-customer', async (context) => {
  const [admin, customer] = [str(context.claim, 'admin_prefix'), str(context.claim, 'customer_prefix')];
  return routing(context, `${admin} reaches the admin pool alone, the rest of ${customer} the customer pool alone`, [
    { path: `${admin}x`, server: 'admin' },
    { path: `${admin}deep/er/x`, server: 'admin' },
    { path: `${customer}adminx`, server: 'customer' },
    { path: `${customer}administrator/1`, server: 'customer' },
    { path: `${customer}x`, server: 'customer' },
    { path: admin.replace('/v1/', '/v1//'), server: 'admin', mayRefuse: true },
    { path: `${admin.replace('/admin', '/x/../admin')}y`, server: 'admin', mayRefuse: true },
  ]);
});

verify('production-gateway.routing.bare-prefix-redirect', async (context) =>
  routing(
    context,
    'the prefixes without their slash are served by their pools',
    strings(context.claim, 'paths').flatMap((path) =>
      ['GET', 'POST'].map((method) => ({
        path,
        server: path.includes('admin') ? ('admin' as const) : ('customer' as const),
        options: { method, ...(method === 'POST' ? { headers: json, body: '{"a":1}' } : {}) },
      })),
    ),
    'the gateway answers the bare prefix itself, with a redirect to the prefix with its slash',
  ),
);

verify('production-gateway.routing.admin-bare-path', async (context) => {
  const { claim } = context;
  const [status, location] = [num(claim, 'status'), str(claim, 'location')];
  const one = await deliverOne(context, {
    client: context.client('operators'),
    path: location.replace(/\/$/, ''),
    headers: operator(),
  });
  const target = header(one.seen, 'location') ?? 'none';
  const path = target.replace(/^https?:\/\/[^/]+/, '').split('?')[0] ?? '';
  return judged(
    one.seen.status === status && path === location && one.arrivals.length === 0,
    `${String(status)} to ${location}, no pool asked`,
    `${outcomeOf(one.seen)}, Location ${target.split('?')[0] ?? ''}, ${String(one.arrivals.length)} requests at the pools`,
    [proof(one)],
  );
});

verify('production-gateway.routing.header-based', async (context) => {
  const names = strings(context.claim, 'headers');
  const values: Readonly<Record<string, string>>[] = [
    {},
    ...names.flatMap((name) => ['tenant-a', 'tenant-b'].map((value) => ({ [name]: value }))),
  ];
  const delivered = await deliver(
    context,
    values.map((headers) => ({ client: context.client(), path: '/api/v1/x', headers })),
  );
  const pools = delivered.map((one) => poolsOf(one).join(' and ') || `gateway (${outcomeOf(one.seen)})`);
  const [plain = ''] = pools;
  const moved = names.filter((name) => values.some((value, index) => name in value && pools[index] !== plain));
  return judged(
    moved.length > 0,
    `${names.join(' or ')} has a part in choosing the pool`,
    moved.length === 0
      ? `every request went to ${plain}, whatever the headers said`
      : `only ${listed(moved)} changed the pool`,
    [
      table(
        'same path, different headers',
        ['headers', 'served by'],
        values.map((value, index) => [JSON.stringify(value), pools[index] ?? '']),
      ),
    ],
    'locations are chosen by path; no map or condition on these headers selects an upstream',
  );
});

verify('production-gateway.routing.health-metrics-local', async (context) => {
  const paths = strings(context.claim, 'paths');
  const delivered = await deliver(
    context,
    paths.map((path) => ({ client: context.client('operators'), path })),
  );
  const faults = delivered.flatMap((one, index) => {
    const path = paths[index] ?? '';
    if (!madeLocally(one)) return [`${path}: ${outcomeOf(one.seen)}, ${String(one.arrivals.length)} backend requests`];
    if (one.seen.status !== 200) return [`${path}: ${outcomeOf(one.seen)}`];
    return path === '/metrics' && !showsStatistics(one.seen) ? [`${path}: 200 without connection statistics`] : [];
  });
  return judged(
    faults.length === 0,
    `200 for ${paths.join(' and ')}, connection statistics, no backend asked`,
    faults.length === 0 ? 'both answered by the gateway alone' : faults.join('; '),
    delivered.map((one) => proof(one)),
    'the statistics are on /nginx_status; there is no location for /metrics',
  );
});

verify('production-gateway.routing.metrics-local', async (context) => {
  const path = str(context.claim, 'path');
  const [inside, outside] = await deliver(context, [
    { client: context.client('operators'), path },
    { client: context.client(), path },
  ]);
  if (!inside || !outside) throw new Error('the agent returned too few observations');
  return judged(
    madeLocally(inside) && showsStatistics(inside.seen) && madeLocally(outside),
    `${path} answered with connection statistics by the gateway itself`,
    `from 10.0.0.0/8 ${outcomeOf(inside.seen)}${showsStatistics(inside.seen) ? ' with statistics' : ''}, from elsewhere ${outcomeOf(outside.seen)}`,
    [proof(inside), proof(outside)],
    `the statistics are on ${str(context.claim, 'documented_alternative')}; there is no location for ${path}`,
  );
});

verify('production-gateway.routing.websocket-paths', async (context) =>
  upgrades(context, strings(context.claim, 'paths'), num(context.claim, 'status')),
);

verify('production-gateway.routing.static-assets', async (context) =>
  staticOrigin(context, { path: str(context.claim, 'path'), alias: str(context.claim, 'alias') }),
);

verify('production-gateway.routing.method-transparent', async (context) =>
  methodsUnchanged(context, strings(context.claim, 'methods')),
);

verify('production-gateway.routing.path-traversal-normalised', async (context) =>
  traversal(context, num(context.claim, 'status_above_root')),
);

verify('production-gateway.routing.root-info', async (context) => {
  const { claim } = context;
  const one = await deliverOne(context, { client: context.client(), path: '/' });
  const body = jsonObject(one.seen);
  const wanted = { service: str(claim, 'service'), version: str(claim, 'version'), status: str(claim, 'state') };
  const wrong = Object.entries(wanted).filter(([name, value]) => body?.[name] !== value);
  return judged(
    one.seen.status === num(claim, 'status') && wrong.length === 0 && madeLocally(one),
    `${String(num(claim, 'status'))} with ${JSON.stringify(wanted)}, no backend asked`,
    `${outcomeOf(one.seen)}, ${wrong.length === 0 ? 'all three members as promised' : `different: ${wrong.map(([name]) => name).join(', ')}`}, ` +
      `${String(one.arrivals.length)} backend requests`,
    [proof(one)],
  );
});

verify('production-gateway.routing.local-json-content-type', async (context) => {
  const { claim } = context;
  const [type, occurrences] = [str(claim, 'Content-Type'), num(claim, 'occurrences')];
  const delivered = await deliver(
    context,
    ['/', '/health'].map((path) => ({ client: context.client(), path })),
  );
  const faults = delivered.flatMap(({ seen, probe }) => {
    const fault = seen.status === 200 ? contentTypeFault(seen, type, occurrences) : outcomeOf(seen);
    return fault === undefined ? [] : [`${probe.path}: ${fault}`];
  });
  return judged(
    faults.length === 0,
    `exactly ${String(occurrences)} Content-Type line, ${type}, on / and /health`,
    faults.length === 0 ? `one line ${type} on both` : faults.join('; '),
    delivered.map((one) => proof(one)),
    'return writes a Content-Type from default_type, and add_header puts a second line beside it',
  );
});

verify('production-gateway.routing.uri-passed-unchanged', async (context) =>
  targetsUnchanged(context, bool(context.claim, 'rewrite')),
);

verify('production-gateway.routing.unmatched-404', async (context) => {
  const { claim } = context;
  const status = num(claim, 'status');
  // Files of the distribution, which an nginx without a root of its own serves.
  const paths = [...strings(claim, 'paths'), '/index.html', '/50x.html'];
  return routing(
    context,
    `${String(status)} from the gateway for ${listed(paths, 6)}`,
    paths.map((path) => ({ path, server: 'gateway', status })),
    'what no location matches is looked up in the compiled-in document root, where the distribution left its page',
  );
});

verify('production-gateway.routing.exact-local-paths', async (context) => {
  const paths = strings(context.claim, 'paths');
  const near = paths.flatMap((path) => [`${path}x`, `${path}/x`]);
  const delivered = await deliver(
    context,
    near.map((path) => ({ client: context.client('operators'), path })),
  );
  const special = delivered.filter(({ seen }) => seen.status !== 404);
  return judged(
    special.length === 0,
    `404 for ${near.join(', ')}`,
    special.length === 0
      ? '404 for all'
      : special.map(({ seen, probe }) => `${probe.path} → ${outcomeOf(seen)}`).join(', '),
    [
      table(
        'neighbours of the local paths',
        ['path', 'status', 'served by'],
        delivered.map((one) => [one.probe.path, outcomeOf(one.seen), one.arrivals[0]?.instance ?? 'gateway']),
      ),
      ...special.slice(0, 1).map((one) => proof(one)),
    ],
    'a location without = matches every path that begins with it',
  );
});

verify('production-gateway.routing.unknown-host', async (context) =>
  unknownHost(context, str(context.claim, 'server_name')),
);
