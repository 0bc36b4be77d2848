/** The stage of experiments with the three hosts of Redis: they stand, and the gateway that counts in Redis uses them. */
import { configEdit } from '../faults/config-edit.ts';
import {
  FIRST_REPLICA,
  HOSTS,
  MASTER_HOST,
  QUORUM,
  replicasSeen,
  sentinelSays,
  startHosts,
  startSentinels,
} from '../operations/redis-hosts.ts';
import { mustRun } from '../operations/commands.ts';
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

export const GATEWAYS = ['gateway-1', 'gateway-2'];

const READY_TIMEOUT_MS = 60_000;
/** Sentinels ask replicas about themselves every ten seconds. */
const LEARNT_TIMEOUT_MS = 25_000;
const LOOK_EVERY_MS = 300;

/** Three hosts whose Sentinels know each other; removed by the experiment when it has collected what it needs. */
export const redisHosts: Fault = {
  name: `own-containers ${HOSTS.join(', ')}`,
  services: [],
  undo: async () => [],
  inject: async (target) => {
    const addresses = await startHosts(target);
    await waitFor(`replicas of ${MASTER_HOST}`, READY_TIMEOUT_MS, async () => {
      const { stdout } = await target.exec(MASTER_HOST, ['redis-cli', 'info', 'replication']);
      return (stdout.match(/state=online/g) ?? []).length === HOSTS.length - 1;
    });
    await startSentinels(target, addresses);
  },
  proveEffect: async (target) => {
    for (const host of HOSTS)
      await waitFor(`the Sentinel of ${host} knows the others`, READY_TIMEOUT_MS, async () => complete(target, host));
    return `each Sentinel sees ${MASTER_HOST}, two replicas and two more Sentinels`;
  },
  proveRemoval: async () => 'goes with the run',
};

async function complete(target: ChaosTarget, host: string): Promise<boolean> {
  const says = await sentinelSays(target, host);
  return says?.['num-slaves'] === '2' && says['num-other-sentinels'] === '2' && says['quorum'] === String(QUORUM);
}

const LIST = 'local SERVERS = { "redis-1" }';
const hostsInLua = configEdit(
  GATEWAYS,
  'lua/redis.lua',
  LIST,
  `local SERVERS = { ${HOSTS.map((host) => `"${host}"`).join(', ')} }`,
);

/** The hardened gateway finds its Redis among the three hosts; the documented one uses none. */
export const gatewayOnHosts: Fault = {
  name: 'the limiter uses the three hosts',
  services: GATEWAYS,
  undo: async (target) => (target.variant === 'hardened' ? hostsInLua.undo(target) : []),
  inject: async (target) => (target.variant === 'hardened' ? hostsInLua.inject(target) : undefined),
  proveEffect: async (target) =>
    target.variant === 'hardened' ? hostsInLua.proveEffect(target) : 'nothing to do: this gateway asks no Redis',
  proveRemoval: async (target) =>
    target.variant === 'hardened' ? hostsInLua.proveRemoval(target) : 'nothing was done',
};

const FORBID = (priority: number): readonly string[] => [
  'redis-cli',
  'config',
  'set',
  'replica-priority',
  `${priority}`,
];

/** No replica may become master: Sentinels notice the loss and find nobody to promote. Goes with the containers. */
export const noneToPromote: Fault = {
  name: 'replicas that may not be promoted',
  services: HOSTS.slice(1),
  undo: async () => [],
  inject: async (target) => {
    for (const host of HOSTS.slice(1)) await mustRun(target, host, FORBID(0));
  },
  proveEffect: async (target) => {
    for (const host of HOSTS)
      await waitFor(
        `the Sentinel of ${host} has learnt it`,
        LEARNT_TIMEOUT_MS,
        async () => {
          const seen = await replicasSeen(target, host);
          return seen?.length === 2 && seen.every((replica) => replica['slave-priority'] === '0');
        },
        LOOK_EVERY_MS,
      );
    return `all Sentinels see ${FIRST_REPLICA} and the other replica with priority 0`;
  },
  proveRemoval: async () => 'goes with the run',
};
