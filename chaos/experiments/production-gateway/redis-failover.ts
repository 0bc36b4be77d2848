/**
 * Three hosts with Redis and Sentinel, as the document lists them, are started for the experiment; the first one is
 * killed. Who becomes master, when a client that asks the Sentinels writes again, and what of the gateway reaches the
 * new master: through the documented upstream of two static servers, and by the variant's own limiter.
 */
import { containerKill } from '../../faults/container-kill.ts';
import { gapOf, judgeCluster, judgeSentinel, judgeUpstream, SEEN } from '../../judgements/redis-failover.ts';
import type { FailoverSeen, Reach } from '../../judgements/redis-failover.ts';
import {
  ASSUMED,
  clusterEnabled,
  failoverLog,
  HOSTS,
  MASTER_HOST,
  removeHosts,
  roleOf,
  SECOND_REPLICA,
  sentinelSays,
} from '../../operations/redis-hosts.ts';
import { mustRun } from '../../operations/commands.ts';
import { removeUpstream, startUpstream, writeThrough } from '../../operations/redis-upstream.ts';
import { experiment } from '../../runner/experiment.ts';
import { stateOf } from '../../runner/target.ts';
import type { ChaosTarget } from '../../runner/target.ts';
import { orNull, waitFor } from '../../runner/wait.ts';
import { gatewayOnHosts, GATEWAYS, noneToPromote, redisHosts } from '../../stages/redis-hosts.ts';
import { customerSeries } from '../../traffic/api-series.ts';
import { removeWriter, startWriter, writesSeen } from '../../traffic/sentinel-writer.ts';

const SENTINEL = 'production-gateway.data-stores.redis-sentinel';
const CLUSTER = 'production-gateway.data-stores.redis-ha-mode';
const UPSTREAM = 'production-gateway.data-stores.redis-upstream-failover';

/** 5 s until the loss counts, an election, a promotion; on a busy machine elections are repeated. */
const FAILOVER_TIMEOUT_MS = 45_000;
const WRITES_TIMEOUT_MS = 20_000;
/** The gateway asks the Sentinels once a second. */
const LIMITER_TIMEOUT_MS = 8_000;
const RETURN_TIMEOUT_MS = 40_000;
const LOOK_EVERY_MS = 300;
/** Each key of the limiter ends with a client's address. */
const KEYS_ABOUT_CLIENTS = "redis-cli --scan | grep -cE ':[0-9]+([.][0-9]+){3}$' || true";

let before: Pick<FailoverSeen, 'masters' | 'replicas' | 'sentinels' | 'quorum' | 'clusterNodes' | 'before'> | null =
  null;
let seen: FailoverSeen | null = null;

export default experiment({
  title: 'Losing the host of the Redis master',
  hypothesis: 'The Sentinels promote a replica, clients and the limiter of the gateway write to it, no request fails.',
  verifies: [SENTINEL, CLUSTER, UPSTREAM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 50, timeout_ms: 8_000 })],
  stage: [redisHosts, gatewayOnHosts],
  prepare: async (target) => {
    before = null;
    seen = null;
    const addresses = Object.fromEntries(HOSTS.map((host) => [host, target.addresses(host)['backend'] ?? '']));
    await startWriter(target, addresses);
    if (target.variant === 'documented') await startUpstream(target, addresses);
    const says = await sentinelSays(target, SECOND_REPLICA);
    const roles = await Promise.all(HOSTS.map((host) => roleOf(target, host)));
    const clusters = await Promise.all(HOSTS.map((host) => clusterEnabled(target, host)));
    before = {
      masters: roles.filter((role) => role === 'master').length,
      replicas: Number(says?.['num-slaves']),
      sentinels: Number(says?.['num-other-sentinels']) + 1,
      quorum: Number(says?.['quorum']),
      clusterNodes: clusters.filter(Boolean).length,
      before: await reach(target, MASTER_HOST),
    };
  },
  method: [containerKill(MASTER_HOST, { command: ['redis-cli', 'ping'] })],
  sabotage: [noneToPromote],
  blastRadius: [...HOSTS, ...GATEWAYS],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  observe: async (watch) => {
    if (before === null) throw new Error('nothing was seen before the fault');
    const { target } = watch;
    const stopped = !(await stateOf(target, MASTER_HOST)).running;
    const master = await orNull(newMaster(target, stopped));
    const agreed_s = (watch.now_ms() - watch.injected_ms) / 1_000;
    watch.note('Sentinels', master === null ? 'name no new master' : `name ${master}`);
    const from_ms = watch.wall_ms(watch.injected_ms);
    await orNull(
      waitFor('writes through the Sentinels again', WRITES_TIMEOUT_MS, async () =>
        (await writesSeen(target)).at(-1)?.ok === true ? true : null,
      ),
    );
    const after = master === null ? null : await reach(target, master);
    const writes = gapOf(await writesSeen(target), from_ms);
    seen = { ...before, stopped, master, agreed_s: master === null ? null : agreed_s, writes, after };
  },
  recover: async (watch) => {
    if (!seen?.stopped || seen.master === null) return;
    const joined = await orNull(
      waitFor(
        `${MASTER_HOST} is a replica`,
        RETURN_TIMEOUT_MS,
        async () => (await roleOf(watch.target, MASTER_HOST)) === 'slave',
        LOOK_EVERY_MS,
      ),
    );
    watch.note(MASTER_HOST, joined === null ? 'does not become a replica' : 'is a replica of the new master');
  },
  collect: async (target) => {
    try {
      const log = seen === null ? [] : await failoverLog(target, SECOND_REPLICA);
      const lines = seen === null ? [] : [JSON.stringify(seen)];
      return { texts: { [SEEN]: lines, [`Sentinel of ${SECOND_REPLICA}`]: log, 'Not in the document': ASSUMED } };
    } finally {
      await removeUpstream(target);
      await removeWriter(target);
      await removeHosts(target);
    }
  },
  judge: (trials) => [judgeSentinel(SENTINEL, trials), judgeCluster(CLUSTER, trials), judgeUpstream(UPSTREAM, trials)],
});

/** The master that all running Sentinels name and that says so itself; another than the first when that was stopped. */
async function newMaster(target: ChaosTarget, stopped: boolean): Promise<string> {
  const asked = HOSTS.filter((host) => !stopped || host !== MASTER_HOST);
  return waitFor(
    'the Sentinels agree on a master',
    FAILOVER_TIMEOUT_MS,
    async () => {
      const named = await Promise.all(asked.map(async (host) => (await sentinelSays(target, host))?.['ip']));
      const master = asked.find((host) => named.every((ip) => ip === target.addresses(host)['backend']));
      return master !== undefined && (await roleOf(target, master)) === 'master' ? master : null;
    },
    LOOK_EVERY_MS,
  );
}

/** What of the gateway reaches a master now. */
async function reach(target: ChaosTarget, master: string): Promise<Reach> {
  const keys = async (): Promise<number> => Number(await mustRun(target, master, ['sh', '-c', KEYS_ABOUT_CLIENTS]));
  const some = await orNull(
    waitFor('keys of the limiter', LIMITER_TIMEOUT_MS, async () => (await keys()) || null, LOOK_EVERY_MS),
  );
  const through = target.variant === 'documented' ? await writeThrough(target, master) : null;
  return { limiterKeys: some ?? 0, through };
}
