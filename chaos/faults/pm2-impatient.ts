/** Workers of an instance that are given no time to finish their answers when they are replaced: for negative controls. */
import { mustRun } from '../operations/commands.ts';
import type { Fault } from '../runner/fault.ts';

const FILE = 'ecosystem.config.cjs';
/** The service's own time limit of a shutdown; PM2 kills a second later. */
const LIMIT = 'SHUTDOWN_TIMEOUT_MS';
/** PM2 hands a worker of its cluster the environment as one JSON text. */
const IMPATIENT = `"${LIMIT}":"1"`;

/** Workers with a time limit of a millisecond; undone by a reload with the container's own environment. */
export function impatientWorkers(service: string): Fault {
  const reload = ['pm2', 'reload', FILE, '--update-env'];
  const environments = (target: Parameters<Fault['inject']>[0]): Promise<string> =>
    mustRun(target, service, [
      'sh',
      '-c',
      'for p in $(pgrep -f service/main.ts); do tr "\\0" "\\n" </proc/$p/environ; done',
    ]);
  return {
    name: `pm2-impatient ${service}`,
    services: [service],
    undo: async (target) => [{ action: 'exec', service, containerId: target.containerId(service), argv: reload }],
    inject: async (target) => {
      await mustRun(target, service, ['env', `${LIMIT}=1`, ...reload]);
    },
    proveEffect: async (target) => {
      if (!(await environments(target)).includes(IMPATIENT))
        throw new Error(`workers of ${service} keep their patience`);
      return `workers of ${service} end within a millisecond`;
    },
    proveRemoval: async (target) => {
      if ((await environments(target)).includes(IMPATIENT))
        throw new Error(`workers of ${service} are still impatient`);
      return `workers of ${service} have their time again`;
    },
  };
}
