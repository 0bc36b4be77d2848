/** `pm2 reload`: every worker of an instance is replaced by a new one, one after the other. */
import type { Fault } from '../runner/fault.ts';
import { findProcesses } from './processes.ts';

/** Replaces the workers of an instance. Nothing has to be undone but an instance that went down with it. */
export function pm2Reload(service: string): Fault {
  let before: readonly number[] = [];
  return {
    name: `pm2-reload ${service}`,
    services: [service],
    undo: async (target) => {
      before = (await findProcesses(target, service, 'PM2 worker')).map(({ pid }) => pid);
      return [{ action: 'start', service, containerId: target.containerId(service) }];
    },
    // The command ends when the last worker was replaced.
    inject: async (target) => {
      const { exitCode, stdout, stderr } = await target.host.exec(target.containerId(service), [
        'pm2',
        'reload',
        'all',
      ]);
      if (exitCode !== 0)
        throw new Error(`pm2 reload ended with ${exitCode}: ${(stderr || stdout).trim().slice(-300)}`);
    },
    proveEffect: async (target) => {
      const now = (await findProcesses(target, service, 'PM2 worker')).map(({ pid }) => pid);
      const kept = now.filter((pid) => before.includes(pid));
      if (now.length === 0 || kept.length > 0)
        throw new Error(`workers ${kept.join(', ')} of ${service} were not replaced`);
      return `workers ${now.join(', ')} in place of ${before.join(', ')}`;
    },
    proveRemoval: async (target) => {
      const now = await findProcesses(target, service, 'PM2 worker');
      if (now.length < before.length) throw new Error(`${service} has ${now.length} workers, ${before.length} before`);
      return `${now.length} workers, as before`;
    },
  };
}
