/** All processes of nginx on a gateway node die at once; the node itself lives. */
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

const TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 200;
/** nginx puts itself into the background; a master that runs already is left alone. */
const START = ['sh', '-c', "pgrep -f '^nginx: master' >/dev/null || nginx"];

/** Kills nginx on a node; undone by starting it. */
export function nginxDeath(node: string): Fault {
  const running = async (target: ChaosTarget): Promise<boolean> =>
    (await target.exec(node, ['pgrep', '-f', '^nginx: (master|worker)'])).exitCode === 0;
  return {
    name: `nginx-death ${node}`,
    services: [node],
    undo: async (target) => [{ action: 'exec', service: node, containerId: target.containerId(node), argv: START }],
    inject: async (target) => {
      const { exitCode } = await target.host.exec(target.containerId(node), ['pkill', '-KILL', '-f', '^nginx: ']);
      if (exitCode !== 0) throw new Error(`${node} has no nginx to kill`);
    },
    proveEffect: async (target) => {
      await waitFor(`no nginx on ${node}`, TIMEOUT_MS, async () => !(await running(target)), LOOK_EVERY_MS);
      return `no process of nginx on ${node}`;
    },
    proveRemoval: async (target) => {
      const listens = async (): Promise<boolean> => {
        const { stdout } = await target.exec(node, ['ss', '-Hltn', 'sport = :443']);
        return (await running(target)) && stdout.trim() !== '';
      };
      await waitFor(`nginx on ${node}`, TIMEOUT_MS, listens, LOOK_EVERY_MS);
      return `nginx listens on ${node} again`;
    },
  };
}
