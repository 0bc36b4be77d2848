/** SIGKILL to a container: all its processes die at once, its address leaves the network. */
import type { Fault } from '../runner/fault.ts';
import { untilGone, untilHealthy } from './liveness.ts';
import type { Liveness } from './liveness.ts';

/** Kills one container; undone by starting it again. */
export function containerKill(service: string, liveness: Liveness): Fault {
  return {
    name: `container-kill ${service}`,
    services: [service],
    undo: async (target) => [{ action: 'start', service, containerId: target.containerId(service) }],
    inject: (target) => target.host.kill(target.containerId(service)),
    proveEffect: (target) => untilGone(target, service, liveness),
    proveRemoval: (target) => untilHealthy(target, service, liveness),
  };
}
