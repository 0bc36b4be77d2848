import { num, str } from '../../../environments/ledger/values.ts';
import { judgeReuse, requestsPerConnection } from '../../checks/client-connection.ts';
import { slowBackend, streamed, unreadBodies } from '../../checks/slow-backend.ts';
import { bodyWaits, headerWaits, idleWaits, judgeReaders, lateReaders } from '../../checks/slow-client.ts';
import { configured, judgeWaits, withConfigured, withConfiguredFor } from '../../checks/timeouts.ts';
import type { PromisedTime } from '../../checks/timeouts.ts';
import type { CaseContext } from '../../context.ts';
import { together } from '../../outcome.ts';
import type { Outcome } from '../../outcome.ts';
import { verify, verifyLong } from '../../verify.ts';

/** Durations divided by this still tell 60 s from 120 s. */
const SCALE = 10;

const CUSTOMER = '/api/v1/slow/';
const ADMIN = '/api/v1/admin/slow/';

type ClaimContext = Parameters<Parameters<typeof verify>[1]>[0];

/** An admin request may wait so long for its backend, and no longer; the customer API has half the patience. */
async function adminPatience(context: ClaimContext, timeout_s: number, answered_s: number): Promise<Outcome> {
  const { gateway } = await context.scaled(SCALE);
  const beside = { path: CUSTOMER, read_s: timeout_s / 2 };
  const measured = await slowBackend(context, gateway, SCALE, { path: ADMIN, read_s: timeout_s, answered_s, beside });
  return withConfiguredFor(context, measured, [{ directive: 'proxy_read_timeout', path: ADMIN, seconds: timeout_s }]);
}

verifyLong('production-gateway.timeouts.admin-read-120s', async (context) => {
  const timeout_s = num(context.claim, 'timeout_s');
  return adminPatience(context, timeout_s, timeout_s * 0.83);
});

verifyLong('production-gateway.timeouts.read-120s-admin', async (context) => {
  const read_s = num(context.claim, 'read_s');
  return adminPatience(context, read_s, read_s * 0.75);
});

verifyLong('production-gateway.timeouts.proxy-send', async (context) => {
  const { gateway } = await context.scaled(SCALE);
  const routes = [
    { name: 'customer API', path: CUSTOMER, promised_s: num(context.claim, 'customer_s') },
    { name: 'admin API', path: ADMIN, promised_s: num(context.claim, 'admin_s') },
  ];
  const waits = await unreadBodies(context, gateway, SCALE, routes);
  return withConfiguredFor(
    context,
    judgeWaits('504 for a body that the backend does not read', waits),
    routes.map(({ path, promised_s }) => ({ directive: 'proxy_send_timeout', path, seconds: promised_s })),
  );
});

/** A time that holds for clients of the whole virtual host: what was measured, and what is configured. */
async function ofClients(
  context: CaseContext,
  directive: string,
  seconds: number,
  measure: (promise: PromisedTime) => Promise<Outcome>,
): Promise<Outcome> {
  const promise = { directive, path: CUSTOMER, seconds };
  return withConfiguredFor(context, await measure(promise), [promise]);
}

verifyLong('production-gateway.timeouts.client-header', async (context) =>
  ofClients(context, 'client_header_timeout', num(context.claim, 'timeout_here_s'), async (promise) =>
    judgeWaits(
      'closed before the header is complete',
      await headerWaits(context, promise),
      [],
      'client_header_timeout is another, or not set: without it nginx waits 60 s',
    ),
  ),
);

verifyLong('production-gateway.timeouts.client-body', async (context) =>
  ofClients(context, 'client_body_timeout', num(context.claim, 'timeout_here_s'), async (promise) => {
    const { stalled, slow } = await bodyWaits(context, promise);
    return together([
      judgeWaits(
        'closed before the body is complete',
        [stalled],
        [],
        'client_body_timeout is another, or not set: without it nginx waits 60 s',
      ),
      slow,
    ]);
  }),
);

/** A client that reads nothing is given up after so many seconds. */
const unread = async (context: CaseContext, promised_s: number): Promise<Outcome> =>
  ofClients(context, 'send_timeout', promised_s, async (promise) =>
    judgeReaders(promised_s, await lateReaders(context, promise)),
  );

verifyLong('production-gateway.timeouts.client-send-10s', async (context) =>
  unread(context, num(context.claim, 'timeout_here_s')),
);
verifyLong('production-gateway.timeouts.send-10s', async (context) =>
  unread(context, num(context.claim, 'documented_s')),
);

verifyLong('production-gateway.timeouts.client-keepalive-30s', async (context) => {
  const idle_s = num(context.claim, 'idle_s');
  const { gateway } = await context.scaled(SCALE);
  const measured = judgeWaits('closed while idle', await idleWaits(context, gateway, idle_s, SCALE));
  const directive = 'keepalive_timeout';
  return withConfigured(measured, directive, idle_s, configured(await context.gateway.config(), directive));
});

verify('production-gateway.timeouts.client-keepalive-100', async (context) => {
  const requests = num(context.claim, 'requests');
  return judgeReuse(requests, await requestsPerConnection(context, '/health', requests + 1));
});

verifyLong('production-gateway.timeouts.exports-300s', async (context) => {
  const [read_s, path] = [num(context.claim, 'read_s'), str(context.claim, 'path')];
  const scale = 30;
  const { gateway } = await context.replica({ backends: 'private', scale });
  const measured = await slowBackend(context, gateway, scale, { path, read_s, answered_s: read_s * 0.8 });
  return withConfiguredFor(context, measured, [{ directive: 'proxy_read_timeout', path, seconds: read_s }]);
});

verifyLong('production-gateway.timeouts.stream-3600s', async (context) => {
  const [read_s, path] = [num(context.claim, 'read_s'), str(context.claim, 'path')];
  const scale = 400;
  const { gateway } = await context.replica({ backends: 'private', scale });
  const measured = await streamed(context, gateway, scale, { path, silent_s: read_s * 0.9 });
  return withConfiguredFor(context, measured, [{ directive: 'proxy_read_timeout', path, seconds: read_s }]);
});
