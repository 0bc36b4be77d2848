/** A tool on gateway nodes does nothing and says that it has: for negative controls. */
import { mustRun } from '../operations/commands.ts';
import { POOL_TOOL } from '../operations/gateway-pool.ts';
import type { Fault } from '../runner/fault.ts';

const IDLE = '#!/bin/sh\nexit 0\n';

/** Instances are said to be out of the pool, and drained, and stay in it. */
export const withoutDraining = (nodes: readonly string[]): Fault => idleTool(nodes, POOL_TOOL);

/** An idle tool in the place of the one at a path. */
export function idleTool(nodes: readonly string[], path: string): Fault {
  return {
    name: `${path} idle on ${nodes.join(', ')}`,
    services: nodes,
    undo: (target) =>
      Promise.all(
        nodes.map(async (service) => ({
          service,
          containerId: target.containerId(service),
          action: 'put' as const,
          path,
          content: await mustRun(target, service, ['cat', path]),
        })),
      ),
    inject: async (target) => {
      for (const node of nodes) await target.host.put(target.containerId(node), path, IDLE);
    },
    proveEffect: async (target) => {
      for (const node of nodes)
        if ((await mustRun(target, node, ['cat', path])) !== IDLE) throw new Error(`${node} still has the tool`);
      return `${path} does nothing on ${nodes.join(' and ')}`;
    },
    proveRemoval: async (target) => {
      for (const node of nodes)
        if ((await mustRun(target, node, ['cat', path])) === IDLE) throw new Error(`${node} has no tool`);
      return `${path} is back on ${nodes.join(' and ')}`;
    },
  };
}
