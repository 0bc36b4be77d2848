import { str } from '../../../environments/ledger/values.ts';
import { deliver, judged, proof, table } from '../../checks/exchange.ts';
import {
  forward,
  judgeForwarded,
  judgeIds,
  matching,
  onOneConnection,
  ROUTES,
  valuesOf,
} from '../../checks/forwarded.ts';
import type { Asked } from '../../checks/forwarded.ts';
import { joined, judgeJoined } from '../../checks/logged-requests.ts';
import { header } from '../../clients/observe.ts';
import { together } from '../../outcome.ts';
import { verify } from '../../verify.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

verify('production-gateway.proxy-headers.request-id-present', async (context) => {
  const name = str(context.claim, 'header');
  const asked: Asked[] = [
    ...times(8, { route: 'api' as const }),
    ...onOneConnection(context, 8, { route: 'api' }),
    ...onOneConnection(context, 6, { route: 'admin' }),
    { route: 'websocket' },
  ];
  const outcome = judgeIds(`${name} on every proxied request, each different`, name, await forward(context, asked));
  return outcome.verdict === 'deviates'
    ? { ...outcome, reason: 'a location sets the header only where it has its own proxy_set_header line for it' }
    : outcome;
});

verify('production-gateway.proxy-headers.request-id-uuid', async (context) =>
  judgeForwarded(
    `X-Request-ID is a ${str(context.claim, 'format')}`,
    await forward(context, [...times(6, { route: 'api' as const }), ...times(4, { route: 'admin' as const })]),
    { 'X-Request-ID': matching(UUID, 'UUID') },
    'nginx writes $request_id as 32 hexadecimal digits without hyphens',
  ),
);

verify('production-gateway.proxy-headers.request-id-returned', async (context) => {
  const name = str(context.claim, 'header');
  const delivered = await deliver(
    context,
    (['api', 'admin'] as const).map((route) => ({ client: context.clientFor(ROUTES[route]), path: ROUTES[route] })),
  );
  const rows = delivered.map(
    (one) =>
      [one.probe.path, valuesOf(one.arrivals[0], name)[0] ?? 'absent', header(one.seen, name) ?? 'absent'] as const,
  );
  const holds = rows.every(([, backend, client]) => backend !== 'absent' && backend === client);
  return judged(
    holds,
    `the client finds the backend's ${name} in its answer`,
    holds
      ? 'the same id on both sides'
      : rows.map(([path, backend, client]) => `${path}: backend ${backend}, client ${client}`).join('; '),
    [
      table('the id on both sides', ['path', 'at the backend', 'at the client'], rows),
      ...delivered.slice(0, 1).map((one) => proof(one)),
    ],
    `no add_header gives ${name} to the client`,
  );
});

verify('production-gateway.proxy-headers.request-id-generated', async (context) => {
  const name = 'X-Request-ID';
  const forged = { [name]: 'forged' };
  const ids = judgeIds(
    'an id of the gateway’s own on every API request, whatever the client sends',
    name,
    await forward(context, [
      ...times(8, { route: 'api' as const, sent: forged }),
      ...onOneConnection(context, 8, { route: 'api', sent: forged }),
      ...onOneConnection(context, 6, { route: 'admin', sent: forged }),
    ]),
  );
  const logged = await joined(context, { count: 8, header: name, field: 'request_id', headers: forged });
  return together([ids, judgeJoined(logged, name)]);
});
