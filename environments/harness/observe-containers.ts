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
 * the same host (steal), other programs, and the engine itself.
 */
export async function machineTime(
  containerId: string,
): Promise<{ readonly all_ms: number; readonly others_ms: number }> {
  const { Config } = await docker().getContainer(containerId).inspect();
  const label = `${RUN_LABEL}=${Config.Labels[RUN_LABEL] ?? ''}`;
  const containers = await docker().listContainers({ filters: { label: [label] } });
  const [{ stdout }, ...figures] = await Promise.all([
    exec(containerId, ['head', '-n', '1', '/proc/stat']),
    ...containers.map(({ Id }) => containerFigures(Id)),
  ]);
  // user nice system idle iowait irq softirq steal; guest times are in user already.
  const ticks = stdout.trim().split(/\s+/).slice(1, 9).map(Number);
  const all_ms = TICK_MS * ticks.reduce((sum, one) => sum + one, 0);
  const idle_ms = TICK_MS * ((ticks[3] ?? 0) + (ticks[4] ?? 0));
  const { user, system } = process.cpuUsage();
  const own_ms = figures.reduce((sum, { used_ms }) => sum + used_ms, (user + system) / 1000);
  return { all_ms, others_ms: all_ms - idle_ms - own_ms };
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
