/** A clean stop: the container is asked to end, and may finish what it does. */
import type { Fault } from '../runner/fault.ts';
import { untilGone, untilHealthy } from './liveness.ts';
import type { Liveness } from './liveness.ts';

/** Longer than a service takes to finish its answers: what is killed after all was not stopped cleanly. */
const GRACE_S = 15;

/** Stops one container with its own stop signal; undone by starting it again. */
export function containerStop(service: string, liveness: Liveness): Fault {
  return {
    name: `container-stop ${service}`,
    services: [service],
    undo: async (target) => [{ action: 'start', service, containerId: target.containerId(service) }],
    inject: (target) => target.host.stop(target.containerId(service), GRACE_S),
    proveEffect: (target) => untilGone(target, service, liveness),
    proveRemoval: (target) => untilHealthy(target, service, liveness),
  };
}
