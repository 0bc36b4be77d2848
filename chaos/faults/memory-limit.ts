/**
 * A container's memory limit comes down to what it uses and a little more, and then
 * one of its processes asks for a lot: the kernel ends the largest one.
 */
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { memoryLimit_bytes, outOfMemoryKills } from './cgroup.ts';

const MIB = 2 ** 20;
const EFFECT_TIMEOUT_MS = 10_000;
/** An answer that is built in memory before it is sent: more than the limit leaves. */
const ANSWER_BYTES = 800 * MIB;

export interface MemoryLimitOptions {
  readonly service: string;
  /** Limit while the fault is in, MiB: above what the service uses. */
  readonly limit_mib: number;
  /** A service of the topology that asks for the large answer. */
  readonly askedFrom: string;
}

/** Makes one process of a service run out of memory; undone by the old limit, and whoever looks after the process starts it again. */
export function memoryLimit({ service, limit_mib, askedFrom }: MemoryLimitOptions): Fault {
  let [before_mib, kills] = [0, 0];
  return {
    name: `memory-limit ${limit_mib} MiB ${service}`,
    services: [service],
    undo: async (target) => {
      const bytes = await memoryLimit_bytes(target, service);
      if (bytes === null) throw new Error(`${service} has no memory limit, and the engine cannot lift one again`);
      before_mib = bytes / MIB;
      kills = await outOfMemoryKills(target, service);
      const of = { service, containerId: target.containerId(service) };
      return [
        { ...of, action: 'start' },
        { ...of, action: 'limit', limits: { memory_mib: before_mib } },
      ];
    },
    inject: async (target) => {
      await target.host.limit(target.containerId(service), { memory_mib: limit_mib });
      await askForMuch(target, service, askedFrom);
    },
    proveEffect: async (target) => {
      const now = await waitFor(`${service} out of memory`, EFFECT_TIMEOUT_MS, async () => {
        const count = await outOfMemoryKills(target, service);
        return count > kills ? count - kills : null;
      });
      return `the kernel ended ${now} of its processes for want of memory`;
    },
    proveRemoval: async (target) => {
      const bytes = await memoryLimit_bytes(target, service);
      if (bytes !== before_mib * MIB)
        throw new Error(`${service} may use ${bytes ?? 'any number of'} bytes, which is not the old limit`);
      return `memory limit of ${before_mib} MiB again`;
    },
  };
}

/** Whoever answers dies of it: how the request ends does not matter. */
async function askForMuch(target: ChaosTarget, service: string, from: string): Promise<void> {
  const { address, port } = target.endpoint(service);
  const behave = `x-behave: ${JSON.stringify({ bodyBytes: ANSWER_BYTES })}`;
  await target.exec(from, [
    'curl',
    '-s',
    '-o',
    '/dev/null',
    '-m',
    '5',
    '-H',
    behave,
    `http://${address}:${port}/hungry`,
  ]);
}
