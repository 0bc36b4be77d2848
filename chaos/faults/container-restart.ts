/** A container is killed and started again at once: shorter than any time-out, and all its memory is lost. */
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { untilHealthy } from './liveness.ts';
import type { Liveness } from './liveness.ts';

const EFFECT_TIMEOUT_MS = 10_000;

/** Restarts one container without giving it time to say goodbye; what undoes it is that it runs. */
export function containerRestart(service: string, liveness: Liveness): Fault {
  let before = '';
  return {
    name: `container-restart ${service}`,
    services: [service],
    undo: async (target) => {
      before = await bornAt(target, service);
      return [{ action: 'start', service, containerId: target.containerId(service) }];
    },
    inject: async (target) => {
      await target.host.kill(target.containerId(service));
      await target.host.start(target.containerId(service));
    },
    proveEffect: async (target) => {
      await waitFor(`${service} is another start`, EFFECT_TIMEOUT_MS, async () => {
        const now = await bornAt(target, service);
        return now !== '' && now !== before;
      });
      return 'its first process began after the restart';
    },
    proveRemoval: (target) => untilHealthy(target, service, liveness),
  };
}

/** When the container's first process began, in ticks since the host did (field 22 of /proc/1/stat); empty while it is down. */
async function bornAt(target: ChaosTarget, service: string): Promise<string> {
  const seen = await target.exec(service, ['cat', '/proc/1/stat']).catch(() => ({ exitCode: -1, stdout: '' }));
  // The second field is a name in brackets, which may have spaces.
  return seen.exitCode === 0 ? (seen.stdout.replace(/^.*\) /, '').split(' ')[19] ?? '') : '';
}
