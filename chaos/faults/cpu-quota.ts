/** Less processor time: the container is held still for the rest of each tenth of a second. */
import type { Fault } from '../runner/fault.ts';
import { cpuQuota, memoryLimit_bytes } from './cgroup.ts';

const MIB = 2 ** 20;

/** Limits a service to a share of a processor; undone by lifting the limit. @param cpus for example 0.2 */
export function cpuQuotaLimit(service: string, cpus: number): Fault {
  let memory_mib: number | undefined;
  const rest = (): { memory_mib?: number } => (memory_mib === undefined ? {} : { memory_mib });
  return {
    name: `cpu-quota ${cpus} ${service}`,
    services: [service],
    undo: async (target) => {
      // Limits are set together: the one on memory has to stay as it is.
      const bytes = await memoryLimit_bytes(target, service);
      memory_mib = bytes === null ? undefined : bytes / MIB;
      return [{ action: 'limit', service, containerId: target.containerId(service), limits: rest() }];
    },
    inject: (target) => target.host.limit(target.containerId(service), { cpus, ...rest() }),
    proveEffect: async (target) => {
      const quota = await cpuQuota(target, service);
      if (quota === null || Math.abs(quota - cpus) > 0.001)
        throw new Error(`${service} may use ${quota ?? 'all'} processors, not ${cpus}`);
      return `its control group allows ${quota} processors`;
    },
    proveRemoval: async (target) => {
      const quota = await cpuQuota(target, service);
      if (quota !== null) throw new Error(`${service} is still held at ${quota} processors`);
      return 'its control group has no quota';
    },
  };
}
