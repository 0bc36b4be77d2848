/**
 * A deployment in progress: a lock on every gateway node. Procedures act only while
 * it is held. Undone, every instance runs the version of before, every pool has the
 * files of before, and the lock is gone.
 */
import { behaviourFile, healthOf } from '../operations/release.ts';
import { gatewayNodes, mustRun } from '../operations/commands.ts';
import type { Fault, UndoAction } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

const LOCK = '/run/deployment.lock';
const POOLS = '/etc/nginx/upstreams';
const REMOVAL_TIMEOUT_MS = 60_000;
const LOOK_EVERY_MS = 400;

/** In the background, so that the instances return side by side: each of them reloads without dropping requests. */
const BACK = `
curl -s -m 2 "http://$HOST:$PORT/health" | grep -qF "\\"version\\":\\"$0\\"" && exit 0
SERVICE_VERSION=$0 setsid pm2 reload all --update-env >/dev/null 2>&1 </dev/null &
`;

/** Whether a deployment is in progress. */
export async function deploymentHeld(target: ChaosTarget): Promise<boolean> {
  const looks = await Promise.all(gatewayNodes(target).map((node) => target.exec(node, ['test', '-d', LOCK])));
  return looks.every(({ exitCode }) => exitCode === 0);
}

/** Begins a deployment to the instances, behind the nodes. */
export function deployment(instances: readonly string[], nodes: readonly string[]): Fault {
  const versions = new Map<string, string>();
  return {
    name: `deployment ${instances.join(', ')}`,
    services: [...instances, ...nodes],
    undo: async (target) => {
      for (const instance of instances) {
        const { version } = await healthOf(target, instance);
        if (version === null) throw new Error(`${instance} does not tell its version`);
        versions.set(instance, version);
      }
      const pools = await Promise.all(nodes.map((node) => poolsBack(target, node)));
      return [
        ...instances.flatMap((instance) => back(target, instance, versions.get(instance) ?? '')),
        ...pools.flat(),
      ];
    },
    inject: async (target) => {
      for (const node of nodes) await mustRun(target, node, ['mkdir', LOCK]);
    },
    proveEffect: async (target) => {
      if (!(await deploymentHeld(target))) throw new Error('the lock is not held');
      return `lock held on ${nodes.join(' and ')}`;
    },
    proveRemoval: async (target) => {
      for (const [instance, version] of versions)
        await waitFor(
          `${instance} healthy with version ${version}`,
          REMOVAL_TIMEOUT_MS,
          async () => {
            const seen = await healthOf(target, instance);
            return seen.status === 200 && seen.version === version;
          },
          LOOK_EVERY_MS,
        );
      return [...versions].map(([instance, version]) => `${instance} runs ${version}`).join(', ');
    },
  };
}

function back(target: ChaosTarget, service: string, version: string): UndoAction[] {
  const containerId = target.containerId(service);
  return [
    { service, containerId, action: 'put', path: behaviourFile(service), content: '{}', mode: 0o666 },
    { service, containerId, action: 'exec', argv: ['sh', '-c', BACK, version] },
  ];
}

async function poolsBack(target: ChaosTarget, service: string): Promise<UndoAction[]> {
  const containerId = target.containerId(service);
  const listed = await mustRun(target, service, ['find', POOLS, '-name', '*.conf']);
  const files = await Promise.all(
    listed
      .trim()
      .split('\n')
      .map(async (path) => ({ path, content: await mustRun(target, service, ['cat', path]) })),
  );
  const reload = `rm -rf ${LOCK} ${POOLS}/*.before; nginx -s reload`;
  return [
    ...files.map(({ path, content }): UndoAction => ({ service, containerId, action: 'put', path, content })),
    { service, containerId, action: 'exec', argv: ['sh', '-c', reload] },
  ];
}
