/** Less processor time: the container is held still for the rest of each tenth of a second. */
import type { Fault } from '../runner/fault.ts';
import { cpuQuota } from './cgroup.ts';

/** Limits a service to a share of a processor; undone by lifting the limit. @param cpus for example 0.2 */
export function cpuQuotaLimit(service: string, cpus: number): Fault {
  return {
    name: `cpu-quota ${cpus} ${service}`,
    services: [service],
    undo: async (target) => [{ action: 'limit', service, containerId: target.containerId(service), limits: {} }],
    inject: (target) => target.host.limit(target.containerId(service), { cpus }),
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
