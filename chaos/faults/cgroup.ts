/** Limits of a control group as its own container sees them, in version 1 or 2. */
import type { ChaosTarget } from '../runner/target.ts';

/** Larger than this is what version 1 shows in place of "no limit". */
const UNLIMITED_BYTES = 2 ** 60;

/** Processors that the container may use; null without a quota. */
export async function cpuQuota(target: ChaosTarget, service: string): Promise<number | null> {
  return parseCpuQuota(
    await read(target, service, 'cat cpu.max 2>/dev/null || cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us'),
  );
}

/** Reads `cpu.max` ("20000 100000", "max 100000") or quota and period of version 1 (−1 is none). */
export function parseCpuQuota(text: string): number | null {
  const [quota = 'max', period = '100000'] = text.trim().split(/\s+/);
  return quota === 'max' || Number(quota) < 0 ? null : Number(quota) / Number(period);
}

/** Bytes that the container may use; null without a limit. */
export async function memoryLimit_bytes(target: ChaosTarget, service: string): Promise<number | null> {
  return parseMemory(await read(target, service, 'cat memory.max 2>/dev/null || cat memory/memory.limit_in_bytes'));
}

/** Reads `memory.max` or version 1's limit. */
export function parseMemory(text: string): number | null {
  const value = text.trim();
  return value === 'max' || Number(value) > UNLIMITED_BYTES ? null : Number(value);
}

/** How many processes of the container the kernel has ended for want of memory. */
export async function outOfMemoryKills(target: ChaosTarget, service: string): Promise<number> {
  const text = await read(target, service, 'cat memory.events 2>/dev/null || cat memory/memory.oom_control');
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** @throws Error when the container cannot see its control group */
async function read(target: ChaosTarget, service: string, command: string): Promise<string> {
  const { exitCode, stdout, stderr } = await target.exec(service, ['sh', '-c', `cd /sys/fs/cgroup && { ${command}; }`]);
  if (exitCode !== 0) throw new Error(`${service} cannot read its control group: ${stderr.trim().slice(-200)}`);
  return stdout;
}
