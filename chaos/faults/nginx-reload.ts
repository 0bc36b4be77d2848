/** A reload without any change: new workers take over, the old ones finish what they have and go. */
import type { Fault } from '../runner/fault.ts';
import { waitFor } from '../runner/wait.ts';
import { findProcesses } from './processes.ts';

const EFFECT_TIMEOUT_MS = 15_000;
const LOOK_EVERY_MS = 200;

/** Reloads nginx on one node. Nothing has to be undone: what serves afterwards is the same configuration. */
export function nginxReload(node: string): Fault {
  let before: readonly number[] = [];
  return {
    name: `nginx-reload ${node}`,
    services: [node],
    undo: async (target) => {
      before = (await findProcesses(target, node, 'nginx worker')).map(({ pid }) => pid);
      return [];
    },
    inject: async (target) => {
      const { exitCode, stderr } = await target.host.exec(target.containerId(node), ['nginx', '-s', 'reload']);
      if (exitCode !== 0) throw new Error(`nginx on ${node} does not reload: ${stderr.trim().slice(-300)}`);
    },
    proveEffect: async (target) => {
      const now = await waitFor(
        `new workers on ${node}`,
        EFFECT_TIMEOUT_MS,
        async () => {
          const found = await findProcesses(target, node, 'nginx worker');
          return found.length > 0 && found.every(({ pid }) => !before.includes(pid)) ? found : null;
        },
        LOOK_EVERY_MS,
      );
      return `workers ${now.map(({ pid }) => pid).join(', ')} take connections in place of ${before.join(', ')}`;
    },
    proveRemoval: async (target) => {
      const now = await findProcesses(target, node, 'nginx worker');
      if (now.length < before.length) throw new Error(`${node} has ${now.length} workers, ${before.length} before`);
      return `${now.length} workers, as before`;
    },
  };
}
