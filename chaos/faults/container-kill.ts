/** SIGKILL to a container: all its processes die at once, its address leaves the network. */
import type { Fault } from '../runner/fault.ts';
import { stateOf } from '../runner/target.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

const EFFECT_TIMEOUT_MS = 10_000;
const REMOVAL_TIMEOUT_MS = 30_000;
/** Each look is a command in a container; more of them would take the core from the prober. */
const LOOK_EVERY_MS = 300;

export interface ContainerKillOptions {
  /** A service of the topology from whose network the victim is probed. */
  readonly seenFrom: string;
  /** Path that answers 200 when the victim is healthy. */
  readonly healthPath: string;
}

/** Kills one container; undone by starting it again. */
export function containerKill(service: string, { seenFrom, healthPath }: ContainerKillOptions): Fault {
  const health = (target: ChaosTarget): Promise<string> => askHealth(target, service, seenFrom, healthPath);
  return {
    name: `container-kill ${service}`,
    services: [service],
    undo: async (target) => [{ action: 'start', service, containerId: target.containerId(service) }],
    inject: (target) => target.host.kill(target.containerId(service)),
    proveEffect: async (target) => {
      await waitFor(`${service} stopped`, EFFECT_TIMEOUT_MS, async () => !(await stateOf(target, service)).running);
      const seen = await waitFor(`${service} answers no more`, EFFECT_TIMEOUT_MS, async () => {
        const answer = await health(target);
        return answer === '200' ? null : answer;
      });
      return `container not running; a connection from ${seenFrom} ends with ${seen}`;
    },
    proveRemoval: async (target) => {
      const healthy = async (): Promise<boolean> =>
        (await stateOf(target, service)).running && (await health(target)) === '200';
      await waitFor(`${service} healthy`, REMOVAL_TIMEOUT_MS, healthy, LOOK_EVERY_MS);
      return `container running; ${healthPath} answers 200`;
    },
  };
}

/** Status of the victim's health path, or how curl failed (`curl 7`: refused or unreachable; `curl 28`: no answer in 1 s). */
async function askHealth(target: ChaosTarget, service: string, seenFrom: string, path: string): Promise<string> {
  const { address, port } = target.endpoint(service);
  const argv = ['curl', '-s', '-o', '/dev/null', '-m', '1', '-w', '%{http_code}', `http://${address}:${port}${path}`];
  const result = await target.exec(seenFrom, argv);
  return result.exitCode === 0 ? result.stdout.trim() : `curl ${result.exitCode}`;
}
