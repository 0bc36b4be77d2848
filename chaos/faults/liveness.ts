/** Whether a service answers, seen from a peer or from inside its own container. */
import type { ChaosTarget } from '../runner/target.ts';
import { stateOf } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

/** How a service shows that it is well: a path that answers 200, asked from a peer, or a command in its own container. */
export type Liveness =
  | {
      /** A service of the topology from whose network the path is asked. */
      readonly seenFrom: string;
      readonly healthPath: string;
    }
  | { readonly command: readonly string[] };

const STOPPED_TIMEOUT_MS = 10_000;
const HEALTHY_TIMEOUT_MS = 60_000;
/** Each look is a command in a container; more of them would take the core from the prober. */
const LOOK_EVERY_MS = 300;

/** Waits until the container is down and nobody answers any more; says how an attempt ends. @throws WaitTimeout */
export async function untilGone(target: ChaosTarget, service: string, liveness: Liveness): Promise<string> {
  await waitFor(`${service} stopped`, STOPPED_TIMEOUT_MS, async () => !(await stateOf(target, service)).running);
  if ('command' in liveness) return 'container not running';
  const seen = await waitFor(`${service} answers no more`, STOPPED_TIMEOUT_MS, async () => {
    const answer = await look(target, service, liveness);
    return answer === '200' ? null : answer;
  });
  return `container not running; a connection from ${liveness.seenFrom} ends with ${seen}`;
}

/** Waits until the container runs and the service is well. @throws WaitTimeout */
export async function untilHealthy(target: ChaosTarget, service: string, liveness: Liveness): Promise<string> {
  const well = 'command' in liveness ? 'ready' : '200';
  await waitFor(
    `${service} healthy`,
    HEALTHY_TIMEOUT_MS,
    async () => (await stateOf(target, service)).running && (await look(target, service, liveness)) === well,
    LOOK_EVERY_MS,
  );
  return 'command' in liveness
    ? `container running; ${liveness.command[0] ?? 'its command'} says that it is ready`
    : `container running; ${liveness.healthPath} answers 200`;
}

/** Status of the health path, or how curl failed (`curl 7`: refused or unreachable; `curl 28`: no answer in 1 s); `ready` for a command. */
async function look(target: ChaosTarget, service: string, liveness: Liveness): Promise<string> {
  if ('command' in liveness) {
    // A container that ended between two looks refuses commands.
    const { exitCode } = await target.exec(service, liveness.command).catch(() => ({ exitCode: -1 }));
    return exitCode === 0 ? 'ready' : `ended with ${exitCode}`;
  }
  const { address, port } = target.endpoint(service);
  const url = `http://${address}:${port}${liveness.healthPath}`;
  const argv = ['curl', '-s', '-o', '/dev/null', '-m', '1', '-w', '%{http_code}', url];
  const result = await target.exec(liveness.seenFrom, argv);
  return result.exitCode === 0 ? result.stdout.trim() : `curl ${result.exitCode}`;
}
