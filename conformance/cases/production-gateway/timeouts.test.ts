import { num, str } from '../../../environments/ledger/values.ts';
import { judgeReuse, requestsPerConnection } from '../../checks/client-connection.ts';
import { slowBackend, streamed, unreadBodies } from '../../checks/slow-backend.ts';
import { bodyWaits, headerWaits, idleWaits, judgeReaders, lateReaders } from '../../checks/slow-client.ts';
import { configured, judgeWaits, withConfigured } from '../../checks/timeouts.ts';
import type { CaseContext } from '../../context.ts';
import { together } from '../../outcome.ts';
import type { Outcome } from '../../outcome.ts';
import { verify, verifyLong } from '../../verify.ts';

/** Durations divided by this still tell 60 s from 120 s. */
const SCALE = 10;

const CUSTOMER = '/api/v1/slow/';
const ADMIN = '/api/v1/admin/slow/';

type ClaimContext = Parameters<Parameters<typeof verify>[1]>[0];

/** An admin request may wait so long for its backend, and no longer; the customer API has less patience. */
async function adminPatience(context: ClaimContext, timeout_s: number, answered_s: number): Promise<Outcome> {
  const { gateway } = await context.scaled(SCALE);
  return slowBackend(context, gateway, SCALE, { path: ADMIN, read_s: timeout_s, answered_s });
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
  const waits = await unreadBodies(context, gateway, SCALE, [
    { name: 'customer API', path: CUSTOMER, promised_s: num(context.claim, 'customer_s') },
    { name: 'admin API', path: ADMIN, promised_s: num(context.claim, 'admin_s') },
  ]);
  return judgeWaits('504 for a body that the backend does not read', waits);
});

verifyLong('production-gateway.timeouts.client-header', async (context) =>
  judgeWaits(
    'closed before the header is complete',
    await headerWaits(context, num(context.claim, 'timeout_here_s')),
    [],
    'client_header_timeout is another, or not set: without it nginx waits 60 s',
  ),
);

verifyLong('production-gateway.timeouts.client-body', async (context) => {
  const { stalled, slow } = await bodyWaits(context, num(context.claim, 'timeout_here_s'));
  return together([
    judgeWaits(
      'closed before the body is complete',
      [stalled],
      [],
      'client_body_timeout is another, or not set: without it nginx waits 60 s',
    ),
    slow,
  ]);
});

/** A client that reads nothing is given up after so many seconds. */
const unread = async (context: CaseContext, promised_s: number): Promise<Outcome> =>
  judgeReaders(promised_s, await lateReaders(context, promised_s));

verifyLong('production-gateway.timeouts.client-send-10s', async (context) =>
  unread(context, num(context.claim, 'timeout_here_s')),
);
verifyLong('production-gateway.timeouts.send-10s', async (context) =>
  unread(context, num(context.claim, 'documented_s')),
);

verify('production-gateway.timeouts.client-keepalive-30s', async (context) => {
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

verify('production-gateway.timeouts.exports-300s', async (context) => {
  const read_s = num(context.claim, 'read_s');
  const scale = 30;
  const { gateway } = await context.replica({ backends: 'private', scale });
  return slowBackend(context, gateway, scale, { path: str(context.claim, 'path'), read_s, answered_s: read_s * 0.8 });
});

verify('production-gateway.timeouts.stream-3600s', async (context) => {
  const read_s = num(context.claim, 'read_s');
  const scale = 400;
  const { gateway } = await context.replica({ backends: 'private', scale });
  return streamed(context, gateway, scale, { path: str(context.claim, 'path'), silent_s: read_s * 0.9 });
});
