import { num, str } from '../../../environments/ledger/values.ts';
import { poolHolds } from '../../checks/backend-connections.ts';
import { judgeBuffered, judgeBuffers, slowClients } from '../../checks/buffering.ts';
import { ALONE, POOLS, judgeReused, oneByOne, retiredAfter } from '../../checks/upstream-connections.ts';
import { idleConnections, judgeIdle } from '../../checks/upstream-idle.ts';
import { withConfigured } from '../../checks/timeouts.ts';
import { ADMIN_POOL, CUSTOMER_POOL, pool } from '../../checks/upstream-block.ts';
import { together } from '../../outcome.ts';
import { verify, verifyLong } from '../../verify.ts';

/** Enough for two connections to each instance to be told from one a request. */
const REQUESTS = 30;

verify('production-gateway.resources.upstream-keepalive-reuse', async (context) => {
  const version = str(context.claim, 'protocol');
  const { gateway } = await context.replica({ backends: 'shared', workers: 1 });
  const parts = POOLS.map(async (pool) =>
    judgeReused(pool.name, await oneByOne(context, gateway, pool, REQUESTS), version),
  );
  return together(await Promise.all(parts));
});

verify('production-gateway.resources.upstream-keepalive-requests', async (context) =>
  retiredAfter(context, num(context.claim, 'requests')),
);

verifyLong('production-gateway.resources.upstream-idle-60s', async (context) => {
  const idle_s = num(context.claim, 'idle_s');
  const scale = 10;
  const { gateway } = await context.replica({ ...ALONE, scale, freshNetwork: true });
  const measured = judgeIdle(idle_s, scale, await idleConnections(context, gateway, POOLS, idle_s / scale));
  const config = await context.gateway.config();
  const configured = [CUSTOMER_POOL, ADMIN_POOL].map((name) => pool(config, name).idle_s);
  return withConfigured(measured, 'keepalive_timeout of the pools', idle_s, configured);
});

verifyLong('production-gateway.resources.buffering', async (context) => {
  const { gateway } = await context.replica(ALONE);
  const measured = judgeBuffered(await slowClients(context, gateway));
  return together([measured, judgeBuffers(str(context.claim, 'proxy_buffers'), await context.gateway.config())]);
});

verifyLong('production-gateway.resources.pool-size', async (context) => {
  const { claim } = context;
  const limits = { admin: num(claim, 'configured_admin'), customer: num(claim, 'configured_customer') };
  return poolHolds(context, num(claim, 'documented'), limits);
});
