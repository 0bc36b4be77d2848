/** Three hosts with a Redis and a Sentinel each, as the document lists them; on the backend network, for one trial. */
import type { ChaosTarget } from '../runner/target.ts';
import { mustRun } from './commands.ts';

/** 10.0.5.101 (the master), .102 and .103 of the document. */
export const HOSTS = ['redis-ha-1', 'redis-ha-2', 'redis-ha-3'] as const;
export const [MASTER_HOST, FIRST_REPLICA, SECOND_REPLICA] = HOSTS;
export const SENTINEL_PORT = 26379;
export const QUORUM = 2;
/** What Sentinels call the master; the document names none. */
export const MASTER_NAME = 'mymaster';

/**
 * The document gives no figures: Sentinel's defaults (30 s without an answer, 180 s for a failover), divided by six.
 */
const DOWN_AFTER_MS = 5_000;
const FAILOVER_TIMEOUT_MS = 30_000;

/** What of the hosts the document does not say, for whoever reads the evidence. */
export const ASSUMED = [
  'the hosts were started for this experiment; the services of the topology use one Redis of their own',
  `down-after-milliseconds ${DOWN_AFTER_MS}, failover-timeout ${FAILOVER_TIMEOUT_MS}: the defaults (30 s, 180 s) divided by six, the document gives none`,
  'replica-priority 50 on the third host: the upstream of the document does not know it',
];

const DIR = '/var/lib/redis';
const START = '/opt/redis-host/start';
/** Redis keeps what the Sentinels tell it in its own file; a host that comes back brings its Sentinel back. */
const START_SCRIPT = `#!/bin/sh
cd ${DIR} || exit 1
[ -f redis.conf ] || printf '%s\\n' "$@" > redis.conf
[ -f sentinel.conf ] && redis-sentinel ${DIR}/sentinel.conf --daemonize yes
exec redis-server ${DIR}/redis.conf
`;

/** Addresses of the hosts by name. */
export type HostAddresses = Readonly<Record<string, string>>;

/**
 * Starts the hosts: the first as master, the others as its replicas. The second replica comes before the first one
 * when a new master is chosen, because the upstream of the document does not know it.
 */
export async function startHosts(target: ChaosTarget): Promise<HostAddresses> {
  const master = await startHost(target, MASTER_HOST, []);
  const found: Record<string, string> = { [MASTER_HOST]: master };
  for (const name of [FIRST_REPLICA, SECOND_REPLICA]) {
    const priority = name === SECOND_REPLICA ? 50 : 100;
    found[name] = await startHost(target, name, [`replicaof ${master} 6379`, `replica-priority ${priority}`]);
  }
  return found;
}

/** Without the wait for further replicas the stage is ready 5 s earlier; nothing else of Redis is set. */
async function startHost(target: ChaosTarget, name: string, settings: readonly string[]): Promise<string> {
  const lines = ['bind 0.0.0.0', 'protected-mode no', 'repl-diskless-sync-delay 0', ...settings];
  return target.startOwn({
    name,
    image: 'redis',
    command: ['sh', START, ...lines],
    files: [{ path: START, content: START_SCRIPT, mode: 0o755 }],
  });
}

/** Starts a Sentinel on each host. */
export async function startSentinels(target: ChaosTarget, addresses: HostAddresses): Promise<void> {
  const lines = [
    'protected-mode no',
    `logfile ${DIR}/sentinel.log`,
    `sentinel monitor ${MASTER_NAME} ${addresses[MASTER_HOST] ?? ''} 6379 ${QUORUM}`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER_NAME} ${FAILOVER_TIMEOUT_MS}`,
  ];
  const script = `printf '%s\\n' "$@" > ${DIR}/sentinel.conf && redis-sentinel ${DIR}/sentinel.conf --daemonize yes`;
  for (const name of HOSTS) await mustRun(target, name, ['sh', '-c', script, 'sentinel', ...lines]);
}

export async function removeHosts(target: ChaosTarget): Promise<void> {
  for (const name of HOSTS) await target.removeOwn(name);
}

/** What the Sentinel of a host says of the master, by member; null while the host or its Sentinel does not answer. */
export async function sentinelSays(
  target: ChaosTarget,
  host: string,
): Promise<Readonly<Record<string, string>> | null> {
  return ask(target, host, ['-p', String(SENTINEL_PORT), 'sentinel', 'master', MASTER_NAME]);
}

/** What the Sentinel of a host knows of the replicas. */
export async function replicasSeen(
  target: ChaosTarget,
  host: string,
): Promise<readonly Readonly<Record<string, string>>[] | null> {
  return ask(target, host, ['-p', String(SENTINEL_PORT), 'sentinel', 'replicas', MASTER_NAME]);
}

/** `master` or `slave`, as a Redis says itself; null while it does not answer. */
export async function roleOf(target: ChaosTarget, host: string): Promise<string | null> {
  return (await ask<readonly string[]>(target, host, ['role']))?.[0] ?? null;
}

/** Whether the Redis of a host belongs to a cluster, as `INFO` says. */
export async function clusterEnabled(target: ChaosTarget, host: string): Promise<boolean> {
  return /^cluster_enabled:1\s*$/m.test(await mustRun(target, host, ['redis-cli', 'info', 'cluster']));
}

/** What the Sentinel of a host did: its log without what it saw at the start. */
export async function failoverLog(target: ChaosTarget, host: string): Promise<readonly string[]> {
  const events = '[+-](sdown|odown|try-failover|elected-leader|selected-slave|promoted-slave|switch-master|failover)';
  const { stdout } = await target.exec(host, ['grep', '-E', events, `${DIR}/sentinel.log`]);
  return stdout.split('\n').filter((line) => line !== '');
}

async function ask<T>(target: ChaosTarget, host: string, argv: readonly string[]): Promise<T | null> {
  const asked = await target.exec(host, ['redis-cli', '--json', ...argv]).catch(() => null);
  if (asked?.exitCode !== 0) return null;
  try {
    return JSON.parse(asked.stdout) as T;
  } catch {
    // Redis that is still loading, or shutting down, answers with an error in words.
    return null;
  }
}
