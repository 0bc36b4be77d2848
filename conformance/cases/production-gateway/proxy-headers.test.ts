import { num, str, strings } from '../../../environments/ledger/values.ts';
import { header } from '../../clients/observe.ts';
import { cdnClient, forwardedClients, trustedAddress } from '../../checks/client-address.ts';
import { deliverOne, judged, outcomeOf, proof, table } from '../../checks/exchange.ts';
import {
  exactly,
  forward,
  forwardingHeaders,
  judgeForwarded,
  matching,
  receivedTable,
  ROUTES,
  valuesOf,
} from '../../checks/forwarded.ts';
import type { Received, Route } from '../../checks/forwarded.ts';
import { withLocations } from '../../checks/snippet.ts';
import { CUSTOMER_POOL } from '../../checks/upstream-block.ts';
import { verify } from '../../verify.ts';

const EVERY_ROUTE: readonly Route[] = ['api', 'admin', 'websocket'];
const API_ROUTES: readonly Route[] = ['api', 'admin'];
const PEER = exactly(({ client }) => client);
/** The received chain, then the peer. */
const CHAIN = exactly(({ sent, client }) =>
  sent['X-Forwarded-For'] === undefined ? client : `${sent['X-Forwarded-For']}, ${client}`,
);
const PRESENT = matching(/./, 'value');
const MILLISECONDS = /^\d+$/;

verify('production-gateway.proxy-headers.real-ip', async (context) => {
  const name = str(context.claim, 'header');
  return judgeForwarded(
    `${name} is the peer's address, whatever the client sends`,
    await forward(
      context,
      EVERY_ROUTE.flatMap((route) => [
        { route },
        { route, sent: { [name]: '1.2.3.4' } },
        { route, sent: { 'X-Forwarded-For': '198.51.100.7' } },
      ]),
    ),
    { [name]: PEER },
  );
});

verify('production-gateway.proxy-headers.xff-append', async (context) => {
  const name = str(context.claim, 'header');
  return judgeForwarded(
    `${name} is the received chain followed by the peer`,
    await forward(
      context,
      EVERY_ROUTE.flatMap((route) => [{ route }, { route, sent: { [name]: '198.51.100.7' } }]),
    ),
    { [name]: CHAIN },
  );
});

verify('production-gateway.proxy-headers.forwarded-for-append', async (context) =>
  judgeForwarded(
    `${str(context.claim, 'received')} for ${str(context.claim, 'sent')}; without the header the address alone`,
    await forward(
      context,
      API_ROUTES.flatMap((route) => [{ route }, { route, sent: { 'X-Forwarded-For': str(context.claim, 'sent') } }]),
    ),
    { 'X-Forwarded-For': CHAIN },
  ),
);

verify('production-gateway.proxy-headers.xff-real-ip-extraction', async (context) =>
  forwardedClients(context, await cdnClient(context), str(context.claim, 'source_header')),
);

verify('production-gateway.proxy-headers.forwarded-proto', async (context) => {
  const { claim } = context;
  const [name, value] = [str(claim, 'header'), str(claim, 'value')];
  return judgeForwarded(
    `${name}: ${value} on every proxied route, also when the client claims http`,
    await forward(
      context,
      EVERY_ROUTE.flatMap((route) => [{ route }, { route, sent: { [name]: 'http' } }]),
    ),
    { [name]: exactly(() => value) },
    'the WebSocket location has no line for it, so that what the client sends passes',
  );
});

verify('production-gateway.proxy-headers.forwarded-host', async (context) => {
  const name = str(context.claim, 'header');
  return judgeForwarded(
    `${name}: ${context.gateway.serverName}`,
    await forward(
      context,
      API_ROUTES.flatMap((route) => [{ route }, { route, sent: { [name]: 'forged.example' } }]),
    ),
    { [name]: exactly(() => context.gateway.serverName) },
    'no location sets the header',
  );
});

verify('production-gateway.proxy-headers.gateway-time-request', async (context) => {
  const name = str(context.claim, 'header');
  return judgeForwarded(
    `${name} as a whole number of ${str(context.claim, 'unit')} on API requests`,
    await forward(
      context,
      API_ROUTES.flatMap((route) => [{ route }, { route, sent: { [name]: 'forged' } }]),
    ),
    { [name]: matching(MILLISECONDS, 'whole number') },
    'no location sets the header',
  );
});

verify('production-gateway.proxy-headers.forwarded-host-and-gateway-time', async (context) => {
  const names = strings(context.claim, 'headers');
  return judgeForwarded(
    `${names.join(' and ')} on API requests`,
    await forward(
      context,
      API_ROUTES.map((route) => ({ route })),
    ),
    Object.fromEntries(names.map((name) => [name, PRESENT])),
    'no location sets these headers',
  );
});

/** A turn of nginx's event loop on a machine with other work to do. */
const CLOCK_LAG_MS = 50;

verify('production-gateway.proxy-headers.response-timing', async (context) => {
  const names = strings(context.claim, 'headers');
  const [gatewayName = '', upstreamName = ''] = names;
  const delay_ms = 100;
  const one = await deliverOne(context, { client: context.client(), path: '/api/v1/slow', behave: { delay_ms } });
  const [total, upstream] = [gatewayName, upstreamName].map((name) => milliseconds(header(one.seen, name)));
  // What the client saw bounds both from above, however busy the machine is; a value in seconds lies far below.
  // The gateway's clock stands still within a turn of its event loop, so a request may seem to begin before it came.
  const most_ms = Math.ceil(one.seen.done_ms - (one.seen.sent_ms ?? one.seen.intended_ms)) + CLOCK_LAG_MS;
  const holds =
    upstream !== undefined &&
    total !== undefined &&
    upstream >= delay_ms - 5 &&
    upstream <= most_ms &&
    total >= upstream - 1 &&
    total <= most_ms;
  return judged(
    holds,
    `${upstreamName} of at least ${String(delay_ms)} ms for a backend that waits so long, ${gatewayName} no less, neither more than the client waited`,
    `${names.map((name) => `${name}: ${header(one.seen, name) ?? 'absent'}`).join(', ')}; the client waited ${String(most_ms)} ms`,
    [proof(one)],
    'no add_header gives the times to the client',
  );
});

verify('production-gateway.proxy-headers.cache-status', async (context) => {
  const { claim } = context;
  const name = str(claim, 'header');
  const wanted = strings(claim, 'values');
  const client = context.client();
  const path = `/api/v1/cache/status-${String(Date.now())}?cc=max-age%3D60`;
  const headers = { authorization: `Bearer valid:cache-${client.address.replaceAll('.', '-')}:user` };
  const first = await client.request(path, { headers });
  const second = await client.request(path, { headers });
  const bypass = await client.request(path, { headers: { ...headers, 'cache-control': 'no-cache' } });
  const seen = [first, second, bypass].map((one) => header(one, name) ?? 'absent');
  return judged(
    seen[0] === 'MISS' && seen[1] === 'HIT' && seen[2] === 'BYPASS' && seen.every((value) => wanted.includes(value)),
    `${name} MISS, then HIT, then BYPASS`,
    `${name} ${seen.join(', ')}`,
    [
      table(
        'one cacheable resource',
        ['request', 'status', name],
        [
          ['first', outcomeOf(first), seen[0] ?? ''],
          ['again', outcomeOf(second), seen[1] ?? ''],
          ['with Cache-Control: no-cache', outcomeOf(bypass), seen[2] ?? ''],
        ],
      ),
    ],
    'the gateway stores no API answers, and no add_header reports a cache',
  );
});

/** The location of the section on load balancing: one header line of its own, and none for Host. */
const POOLING = `    proxy_pass http://${CUSTOMER_POOL};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_connect_timeout 5s;
    proxy_send_timeout 60s;
    proxy_read_timeout 60s;`;

verify('production-gateway.proxy-headers.host-preserved', async (context) => {
  const host = str(context.claim, 'host');
  // The snippet belongs to the document; what hardens it has one location for the same traffic, and that is asked.
  const asDocumented = context.variant === 'documented';
  const { gateway } = asDocumented
    ? await context.replica({ backends: 'shared', edit: withLocations({ '/api/v1/': POOLING }) })
    : context;
  const routes = asDocumented ? (['api'] as const) : EVERY_ROUTE;
  return judgeForwarded(
    `backends see Host ${host}${asDocumented ? ' behind the location of the section on load balancing' : ' on every proxied route'}`,
    await forward(
      context,
      routes.map((route) => ({ route, client: context.clientFor(ROUTES[route], gateway) })),
    ),
    { Host: exactly(() => host) },
    'the location has no line for Host, so that nginx sends its default, $proxy_host: the name that stands in proxy_pass',
  );
});

verify('production-gateway.proxy-headers.api-set', async (context) => {
  const { claim } = context;
  const forged = { 'X-Real-IP': '1.2.3.4', 'X-Forwarded-For': '198.51.100.7', 'X-Forwarded-Proto': 'http' };
  return judgeForwarded(
    'Host, X-Real-IP, X-Forwarded-For, X-Forwarded-Proto and X-Request-ID, once each, of the gateway’s making',
    await forward(
      context,
      API_ROUTES.flatMap((route) => [{ route }, { route, sent: forged }]),
    ),
    {
      Host: exactly(() => str(claim, 'Host')),
      'X-Real-IP': PEER,
      'X-Forwarded-For': CHAIN,
      'X-Forwarded-Proto': exactly(() => str(claim, 'X-Forwarded-Proto')),
      'X-Request-ID': PRESENT,
    },
  );
});

verify('production-gateway.proxy-headers.websocket-set', async (context) => {
  const [api, socket] = await forward(context, [{ route: 'api' }, { route: 'websocket' }]);
  const known = ['Host', 'X-Real-IP', 'X-Forwarded-For', ...strings(context.claim, 'missing')];
  const names = [...new Set([...known, ...forwardingHeaders(api)])].filter(
    (name) => valuesOf(api?.arrival, name).length > 0,
  );
  const absent = names.filter((name) => valuesOf(socket?.arrival, name).length !== 1);
  const both: Received[] = [api, socket].flatMap((one) => one ?? []);
  return judged(
    names.length > 0 && absent.length === 0,
    'a WebSocket handshake carries the forwarding headers that an API request carries',
    absent.length === 0 ? `${names.join(', ')} on both` : `without ${absent.join(', ')} on /ws`,
    [receivedTable(both, names)],
    'proxy_set_header in a location replaces all that would be inherited, and this one does not repeat them',
  );
});

verify('production-gateway.proxy-headers.trust-proxy-admin', async (context) => {
  const hops = num(context.claim, 'hops');
  return trustedAddress(
    await forward(context, [{ route: 'admin' }, { route: 'admin', sent: { 'X-Forwarded-For': '1.2.3.4' } }]),
    'admin-server',
    hops,
  );
});

verify('production-gateway.proxy-headers.trust-proxy-customer', async (context) => {
  const hops = num(context.claim, 'env_hops');
  return trustedAddress(
    await forward(context, [{ route: 'api' }, { route: 'api', sent: { 'X-Forwarded-For': '1.2.3.4' } }]),
    'customer-services',
    hops,
  );
});

function milliseconds(value: string | undefined): number | undefined {
  return value !== undefined && MILLISECONDS.test(value) ? Number(value) : undefined;
}
