/** keepalived is stopped as its service manager stops it: it says goodbye to its peer. */
import type { Fault, UndoAction } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

const TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 200;

/** Starts keepalived on a node as the node's main process does, unless it runs. */
export const START_KEEPALIVED = [
  'sh',
  '-c',
  'pgrep -x keepalived >/dev/null || start-node keepalived </dev/null >/dev/null 2>&1',
];

/** Stops keepalived on a node; undone by starting it. */
export function keepalivedStop(node: string): Fault {
  const runs = async (target: ChaosTarget): Promise<boolean> =>
    (await target.exec(node, ['pgrep', '-x', 'keepalived'])).exitCode === 0;
  return {
    name: `keepalived-stop ${node}`,
    services: [node],
    undo: async (target): Promise<UndoAction[]> => [
      { action: 'exec', service: node, containerId: target.containerId(node), argv: START_KEEPALIVED },
    ],
    inject: async (target) => {
      const { exitCode } = await target.host.exec(target.containerId(node), ['pkill', '-TERM', '-x', 'keepalived']);
      if (exitCode !== 0) throw new Error(`${node} has no keepalived to stop`);
    },
    proveEffect: async (target) => {
      await waitFor(`no keepalived on ${node}`, TIMEOUT_MS, async () => !(await runs(target)), LOOK_EVERY_MS);
      return `no process of keepalived on ${node}`;
    },
    proveRemoval: async (target) => {
      await waitFor(`keepalived on ${node}`, TIMEOUT_MS, () => runs(target), LOOK_EVERY_MS);
      return `keepalived runs on ${node} again`;
    },
  };
}
