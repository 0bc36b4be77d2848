/** Other settings of keepalived, taken over by its own reload; the old ones come back with another one. */
import type { Fault, UndoAction } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { edited } from './config-edit.ts';

/** What keepalived reads on a node; start-node writes it from the configuration. */
const FILE = '/run/keepalived.conf';
const RELOAD = ['sh', '-c', 'pkill -HUP -o -x keepalived || true'];
const RELOAD_TIMEOUT_MS = 10_000;

/**
 * Replaces text in keepalived's settings on every named node.
 *
 * @throws Error (when armed) if a node's settings do not have what is to be replaced
 */
export function keepalivedEdit(nodes: readonly string[], what: string, find: string | RegExp, replace: string): Fault {
  const after = new Map<string, string>();
  const read = async (target: ChaosTarget, node: string): Promise<string> =>
    (await target.exec(node, ['cat', FILE])).stdout;
  return {
    name: `keepalived-edit ${nodes.join(', ')}: ${what}`,
    services: nodes,
    undo: async (target) => {
      const actions: UndoAction[] = [];
      for (const service of nodes) {
        const content = await read(target, service);
        after.set(service, edited(content, find, replace, `keepalived on ${service}`));
        const of = { service, containerId: target.containerId(service) };
        actions.push({ ...of, action: 'put', path: FILE, content }, { ...of, action: 'exec', argv: RELOAD });
      }
      return actions;
    },
    inject: async (target) => {
      for (const node of nodes) {
        const id = target.containerId(node);
        await target.host.put(id, FILE, after.get(node) ?? '');
        await target.host.exec(id, RELOAD);
      }
    },
    proveEffect: async (target) => {
      for (const node of nodes)
        await waitFor(`keepalived on ${node} reloaded`, RELOAD_TIMEOUT_MS, async () => {
          const { stdout } = await target.exec(node, ['tail', '-n', '40', '/var/log/keepalived.log']);
          return /Reload(ing| finished)|reload/i.test(stdout) && (await read(target, node)) === after.get(node);
        });
      return `keepalived on ${nodes.join(', ')} has read: ${what}`;
    },
    proveRemoval: async () => 'the old settings are back',
  };
}
