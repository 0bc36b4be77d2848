import { num, numbers, str } from '../../../environments/ledger/values.ts';
import { judgeLeader, judgeSequence, judgeShares, judgeWeights } from '../../checks/balancing.ts';
import { judgeLeastBusy, judgeOneBusy } from '../../checks/busy-instances.ts';
import { acceptsConfig, frame } from '../../checks/config-test.ts';
import { judged } from '../../checks/exchange.ts';
import { instanceCounts } from '../../checks/instance-counts.ts';
import { judgeShared, judgeZones, sharedState } from '../../checks/shared-state.ts';
import { shares } from '../../checks/shares.ts';
import { ADMIN_POOL, CUSTOMER_POOL, pool, primaries } from '../../checks/upstream-block.ts';
import { idleKept, poolKept } from '../../checks/backend-connections.ts';
import { retiredAfter } from '../../checks/upstream-connections.ts';
import { idleWithServices, judgeIdleConfigured } from '../../checks/upstream-idle.ts';
import { together } from '../../outcome.ts';
import { verify, verifyLong } from '../../verify.ts';

const ADMINS = ['admin-1', 'admin-2', 'admin-3'];

verifyLong('production-gateway.load-balancing.admin-distribution', async (context) => {
  const { claim } = context;
  const { adminSequence, adminReads, oneBusy } = await shares(context);
  const weights = numbers(claim, 'weights');
  const byName = ADMINS.map((name, index) => [name, weights[index] ?? 0] as const);
  return together([
    judgeWeights(weights, pool(await context.gateway.config(), ADMIN_POOL)),
    judgeShares(
      Object.fromEntries(ADMINS.map((name) => [name, num(claim, `${name}_pct`)])),
      adminReads,
      'admin requests',
    ),
    judgeSequence(byName, adminSequence),
    judgeOneBusy(byName, oneBusy),
  ]);
});

verifyLong('production-gateway.load-balancing.admin-weights', async (context) => {
  const percent = numbers(context.claim, 'shares_percent');
  const { adminReads, adminWrites } = await shares(context);
  const wanted = Object.fromEntries(ADMINS.map((name, index) => [name, percent[index] ?? 0]));
  return together([
    judgeWeights(numbers(context.claim, 'weights'), pool(await context.gateway.config(), ADMIN_POOL)),
    judgeShares(wanted, [...adminReads, ...adminWrites], 'admin requests, reads and writes'),
  ]);
});

verifyLong('production-gateway.load-balancing.customer-equal-when-idle', async (context) => {
  const share_pct = num(context.claim, 'share_pct');
  const { customerReads } = await shares(context);
  const wanted = Object.fromEntries(
    Array.from({ length: Math.round(100 / share_pct) }, (_, index) => [`customer-${String(index + 1)}`, share_pct]),
  );
  return judgeShares(wanted, customerReads, 'customer requests, one after the other');
});

verify('production-gateway.load-balancing.standby-role', async (context) => {
  const instance = str(context.claim, 'instance');
  const { customerReads } = await shares(context);
  const outcome = judgeShares({}, customerReads, 'customer requests');
  const got = customerReads.filter((name) => name === instance).length;
  return judged(
    got === 0,
    `none of ${String(customerReads.length)} customer requests reaches ${instance}`,
    `${instance} served ${String(got)} of them: ${outcome.observed}`,
    outcome.evidence,
    `${instance} is an ordinary server of the pool, not a backup`,
  );
});

verify('production-gateway.load-balancing.leader-follower', async (context) => {
  const { adminReads, adminWrites, customerReads, customerWrites } = await shares(context);
  const config = await context.gateway.config();
  const [admins, customers] = [primaries(pool(config, ADMIN_POOL)), primaries(pool(config, CUSTOMER_POOL))];
  const leader = Number(/\d+/.exec(str(context.claim, 'leader'))?.[0]);
  const of = (names: readonly string[], reads: readonly string[], writes: readonly string[]) => ({
    leader: names[leader - 1] ?? '',
    followers: names.filter((_, index) => index !== leader - 1),
    reads,
    writes,
  });
  return judgeLeader([of(admins, adminReads, adminWrites), of(customers, customerReads, customerWrites)]);
});

verify('production-gateway.load-balancing.customer-least-conn', async (context) => {
  const { leastBusy } = await shares(context);
  return judgeLeastBusy(leastBusy);
});

verify('production-gateway.load-balancing.admin-instance-count', async (context) =>
  instanceCounts(context, [
    { pool: ADMIN_POOL, active: num(context.claim, 'active'), backup: num(context.claim, 'backup') },
  ]),
);

verify('production-gateway.load-balancing.customer-instance-count', async (context) =>
  instanceCounts(context, [
    { pool: CUSTOMER_POOL, active: num(context.claim, 'active'), backup: num(context.claim, 'backup') },
  ]),
);

verify('production-gateway.load-balancing.weight-zero', async (context) => {
  const weight = num(context.claim, 'weight');
  const { text } = pool(await context.gateway.config(), ADMIN_POOL);
  const server = `${ADMINS[2] ?? ''}:3000`;
  const zero = text.replace(new RegExp(`server ${server}[^;]*;`), `server ${server} weight=${String(weight)};`);
  const tested = await acceptsConfig(context.gateway, frame(zero));
  return judged(
    tested.accepted,
    `nginx accepts weight=${String(weight)}, which takes the instance out of rotation`,
    tested.accepted ? 'nginx -t accepts it' : `nginx -t refuses it: ${tested.said}`,
    [
      { kind: 'config', title: 'tried with nginx -t', text: zero },
      { kind: 'log', title: 'nginx -t', lines: [tested.said] },
    ],
    'nginx takes weights from 1 on; `down` takes an instance out of rotation',
  );
});

verifyLong('production-gateway.load-balancing.shared-state', async (context) =>
  together([
    judgeZones(num(context.claim, 'zone_kb'), await context.gateway.config()),
    judgeShared(await sharedState(context)),
  ]),
);

verifyLong('production-gateway.load-balancing.upstream-keepalive', async (context) => {
  const { claim } = context;
  return idleKept(context, { admin: num(claim, 'admin_idle'), customer: num(claim, 'customer_idle') });
});

verify('production-gateway.load-balancing.keepalive-pool-size', async (context) =>
  poolKept(await context.gateway.config(), num(context.claim, 'pipeline_diagram')),
);

verify('production-gateway.load-balancing.keepalive-100-requests', async (context) =>
  retiredAfter(context, num(context.claim, 'requests')),
);

/** Durations divided by this leave the idle time of the document long enough to be told from a service's. */
const IDLE_SCALE = 10;

verifyLong('production-gateway.load-balancing.upstream-idle-60s', async (context) => {
  const idle_s = num(context.claim, 'idle_s');
  return together([
    judgeIdleConfigured(idle_s, await context.gateway.config()),
    await idleWithServices(context, idle_s, IDLE_SCALE),
  ]);
});
