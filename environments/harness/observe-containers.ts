import { exec } from './containers.ts';
import { docker, RUN_LABEL } from './docker.ts';

/** Cumulative figures of a container's control group. */
export interface ContainerFigures {
  /** Monotonic instant of the reading on the host, ms. */
  readonly at_ms: number;
  /** CPU time used since the start of the container, ms. */
  readonly used_ms: number;
  /** Time that its processes were held back by a quota, ms. */
  readonly throttled_ms: number;
  /** Memory in use without reclaimable file pages, MiB. */
  readonly memory_mib: number;
  /** Over all its networks since its start; 0 where it shares another container's. */
  readonly received_bytes: number;
  readonly sent_bytes: number;
}

interface Stats {
  readonly cpu_stats: {
    readonly cpu_usage: { readonly total_usage: number };
    readonly throttling_data?: { readonly throttled_time?: number };
  };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>;
  readonly memory_stats: { readonly usage?: number; readonly stats?: Readonly<Record<string, number>> };
}

/** Reads a container's figures once. */
export async function containerFigures(containerId: string): Promise<ContainerFigures> {
  // Without one-shot the engine waits a second for a second reading.
  const stats = (await docker()
    .getContainer(containerId)
    .stats({ stream: false, 'one-shot': true })) as unknown as Stats;
  const { usage = 0, stats: detail = {} } = stats.memory_stats;
  const networks = Object.values(stats.networks ?? {});
  const reclaimable = detail['inactive_file'] ?? detail['total_inactive_file'] ?? 0;
  return {
    at_ms: performance.now(),
    used_ms: stats.cpu_stats.cpu_usage.total_usage / 1e6,
    throttled_ms: (stats.cpu_stats.throttling_data?.throttled_time ?? 0) / 1e6,
    memory_mib: (usage - reclaimable) / 2 ** 20,
    received_bytes: networks.reduce((sum, { rx_bytes }) => sum + rx_bytes, 0),
    sent_bytes: networks.reduce((sum, { tx_bytes }) => sum + tx_bytes, 0),
  };
}

/** One tick of /proc/stat, ms: USER_HZ is 100 on every architecture that the engine supports. */
export const TICK_MS = 10;

/**
 * Processor time of the engine's machine since its start, all cores together, ms (proc(5)).
 * `others` got what neither the run's containers nor this process used: other guests of
 * the same host (steal), other programs, and the engine itself. Interrupts (irq and softirq) are
 * nobody's: no account tells for whom they were, and under load most are for the load's own network.
 */
interface MachineTime {
  readonly all_ms: number;
  readonly others_ms: number;
}

/** Reads the machine's time through a container. */
export async function machineTime(containerId: string): Promise<MachineTime> {
  const { Config } = await docker().getContainer(containerId).inspect();
  const label = `${RUN_LABEL}=${Config.Labels[RUN_LABEL] ?? ''}`;
  const containers = await docker().listContainers({ filters: { label: [label] } });
  const [{ stdout }, ...figures] = await Promise.all([
    exec(containerId, ['head', '-n', '1', '/proc/stat']),
    ...containers.map(({ Id }) => containerFigures(Id)),
  ]);
  const { user, system } = process.cpuUsage();
  return machineTimeOf(
    stdout,
    figures.reduce((sum, { used_ms }) => sum + used_ms, (user + system) / 1000),
  );
}

/** @param line the first of /proc/stat @param own_ms used by the run's containers and this process */
export function machineTimeOf(line: string, own_ms: number): MachineTime {
  // Guest times are in user and nice already.
  const ticks = line.trim().split(/\s+/).slice(1).map(Number);
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = ticks;
  const worked = user + nice + system + steal;
  return {
    all_ms: TICK_MS * (worked + idle + iowait + irq + softirq),
    others_ms: TICK_MS * worked - own_ms,
  };
}

/** Cores that a container may use: the smaller of its quota and its set of cores. */
export async function allowedCores(containerId: string): Promise<number> {
  const [{ HostConfig }, info] = await Promise.all([
    docker().getContainer(containerId).inspect(),
    docker().info() as Promise<{ NCPU?: number }>,
  ]);
  const all = info.NCPU ?? 1;
  const set = HostConfig.CpusetCpus ? coresIn(HostConfig.CpusetCpus).length : all;
  const quota =
    HostConfig.NanoCpus && HostConfig.NanoCpus > 0
      ? HostConfig.NanoCpus / 1e9
      : HostConfig.CpuQuota && HostConfig.CpuQuota > 0
        ? HostConfig.CpuQuota / (HostConfig.CpuPeriod || 100_000)
        : all;
  return Math.min(set, quota);
}

/** Numbers of the cores in a list like `0-1,3`. */
export function coresIn(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}
