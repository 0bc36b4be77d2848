/**
 * All processes of a container are frozen. Its kernel goes on: the address answers
 * ARP and SYN, connections are accepted into the backlog, and nothing ever answers.
 */
import type { Fault } from '../runner/fault.ts';
import { stateOf } from '../runner/target.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { untilHealthy } from './liveness.ts';
import type { Liveness } from './liveness.ts';

const EFFECT_TIMEOUT_MS = 10_000;
const CURL_TIMEOUT = 28;

/**
 * Freezes one container; undone by thawing it.
 *
 * @param liveness where its silence is heard from
 * @param well how it shows that it is well again; the same when absent
 */
export function containerPause(
  service: string,
  liveness: Extract<Liveness, { seenFrom: string }>,
  well: Liveness = liveness,
): Fault {
  return {
    name: `container-pause ${service}`,
    services: [service],
    undo: async (target) => [{ action: 'unpause', service, containerId: target.containerId(service) }],
    inject: (target) => target.host.pause(target.containerId(service)),
    proveEffect: async (target) => {
      await waitFor(`${service} paused`, EFFECT_TIMEOUT_MS, async () => (await stateOf(target, service)).paused);
      const connected_ms = await silence(target, service, liveness.seenFrom);
      return `container paused; ${liveness.seenFrom} connects within ${connected_ms} ms and gets no answer`;
    },
    proveRemoval: (target) => untilHealthy(target, service, well),
  };
}

/** Time to connect, ms. @throws Error when the address does not accept, or answers after all */
async function silence(target: ChaosTarget, service: string, from: string): Promise<number> {
  const { address, port } = target.endpoint(service);
  const argv = ['curl', '-s', '-o', '/dev/null', '-m', '1', '-w', '%{time_connect}', `http://${address}:${port}/`];
  const { exitCode, stdout } = await target.exec(from, argv);
  const connected_s = Number(stdout);
  if (exitCode !== CURL_TIMEOUT)
    throw new Error(`a paused ${service} was expected to be silent; curl ended with ${exitCode}`);
  if (!(connected_s > 0)) throw new Error(`the address of a paused ${service} was expected to accept connections`);
  return Math.ceil(connected_s * 1000);
}
