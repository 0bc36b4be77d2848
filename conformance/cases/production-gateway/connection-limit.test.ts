import { num, strings } from '../../../environments/ledger/values.ts';
import {
  beyond,
  idleConnections,
  judgeIdleConnections,
  judgeInFlight,
  judgeRefusalStatus,
  judgeStreams,
  simultaneous,
} from '../../checks/connection-limit.ts';
import {
  judgeManySessions,
  judgeServerSlots,
  judgeSessionSlots,
  lowerLimit,
  webSocketSessions,
} from '../../checks/connection-limit-sessions.ts';
import { connectionZones, judgeConnectionZones } from '../../checks/connection-limit-zones.ts';
import { together } from '../../outcome.ts';
import { verify, verifyLong } from '../../verify.ts';

/** Waits as long as it is asked to. */
const SLOW = '/api/v1/slow';
const PLAIN = '/api/v1/ping';

/** More requests at a time than the document lets one client have: for the claim that gives no number of its own. */
const CROWD = 16;

verify('production-gateway.connection-limit.per-ip-10', async (context) => {
  const { claim } = context;
  // An operator: the places of an address are the same on every route, the admin API included.
  const client = context.client('operators');
  const limit = num(claim, 'limit');
  const seen = await simultaneous(context.session.vantage, client, {
    path: SLOW,
    count: beyond(limit),
    bystander: context.client(),
    elsewhere: '/api/v1/admin/ping',
  });
  return judgeInFlight({ limit, status: num(claim, 'status') }, seen, await client.request(PLAIN));
});

verify('production-gateway.connection-limit.tcp-connections', async (context) => {
  const limit = num(context.claim, 'limit');
  return judgeIdleConnections(
    limit,
    await idleConnections(context.session.vantage, context.client(), beyond(limit), PLAIN),
  );
});

verify('production-gateway.connection-limit.http2-streams', async (context) => {
  const count = num(context.claim, 'streams_on_one_connection');
  return judgeStreams(
    await simultaneous(context.session.vantage, context.client(), { path: SLOW, count, oneConnection: true }),
  );
});

verify('production-gateway.connection-limit.status', async (context) => {
  const seen = await simultaneous(context.session.vantage, context.client(), { path: SLOW, count: CROWD });
  return judgeRefusalStatus(num(context.claim, 'status'), seen);
});

verifyLong('production-gateway.connection-limit.websocket', async (context) => {
  const client = context.client();
  const count = beyond(num(context.claim, 'per_ip'));
  return judgeManySessions(await webSocketSessions(context.session.vantage, [client], count, { client, path: PLAIN }));
});

verify('production-gateway.connection-limit.names', async (context) =>
  judgeConnectionZones(strings(context.claim, 'zones'), connectionZones(await context.gateway.config())),
);

verifyLong('production-gateway.connection-limit.websocket-slots', async (context) => {
  const { claim, session } = context;
  const [perAddress, perServer] = [num(claim, 'per_ip'), num(claim, 'per_server')];
  // The status stands in the description of the check: "2 refused with 503".
  const status = Number(/refused with (\d{3})/.exec(claim.check)?.[1]);
  const client = context.client();
  const ofAddress = async () => {
    const seen = await webSocketSessions(session.vantage, [client], beyond(perAddress), { client, path: PLAIN });
    return judgeSessionSlots({ limit: perAddress, status }, seen, await client.websocket('/ws'));
  };
  const ofServer = async () => {
    const { edit, found } = lowerLimit(perServer, perAddress);
    const { gateway } = await context.replica({ edit });
    const clients = [1, 2, 3].map(() => context.client('clients', gateway));
    const seen = await webSocketSessions(session.vantage, clients, beyond(perAddress), {
      client: context.client('clients', gateway),
      path: PLAIN,
    });
    return judgeServerSlots({ limit: perServer, status }, perAddress, found(), seen);
  };
  return together(await Promise.all([ofAddress(), ofServer()]));
});
