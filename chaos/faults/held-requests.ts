/** Many requests in progress at once: slow answers, or headers that never end. Bounded in number and in time. */
import type { HoldResult, HoldSettings } from '../prober/hold-settings.ts';
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

const PROGRAM = '/opt/gateproof/chaos/prober/hold.ts';
const RESULT = '/tmp/gateproof-hold.json';
const VANTAGE = 'vantage';
const GATEWAY = 'gateway-1';
const LOOK_EVERY_MS = 500;
/** Handshakes share one core with those of the probes. */
const OPEN_SLACK_MS = 8_000;
const REMOVAL_TIMEOUT_MS = 30_000;
/** So many of the connections have to be there at least, before the effect counts. */
const SHARE_OPEN = 0.9;
/** Nothing to end is as good. */
const STOP = ['sh', '-c', 'pkill -f -- "$1"; [ $? -le 1 ]', 'stop', `^node ${PROGRAM}`];

export type HeldRequests = Pick<
  HoldSettings,
  'count' | 'perAddress' | 'open_ms' | 'easing' | 'hold_ms' | 'path' | 'headers' | 'drip_ms'
>;

/** Holds requests from the vantage; undone by ending the program that holds them. */
export function heldRequests(name: string, held: HeldRequests): Fault {
  const wanted = Math.floor(held.count * SHARE_OPEN);
  return {
    name: `held-requests ${held.count} ${name}`,
    services: [VANTAGE],
    undo: async (target) => [
      {
        action: 'exec',
        service: VANTAGE,
        containerId: target.containerId(VANTAGE),
        argv: STOP,
      },
    ],
    inject: async (target) => {
      const settings: HoldSettings = {
        ...held,
        address: target.gateway.address,
        port: target.gateway.port,
        serverName: target.gateway.serverName,
        from: target.freshClients(Math.ceil(held.count / held.perAddress)),
        resultFile: RESULT,
      };
      const argv = ['sh', '-c', 'rm -f "$3"; node "$1" "$2" >/tmp/gateproof-hold.log 2>&1 &', 'hold', PROGRAM];
      await target.host.exec(target.containerId(VANTAGE), [...argv, JSON.stringify(settings), RESULT]);
    },
    proveEffect: async (target) => {
      const open = await waitFor(
        `${wanted} connections open`,
        held.open_ms + OPEN_SLACK_MS,
        async () => {
          const now = await connections(target);
          return now >= wanted ? now : null;
        },
        LOOK_EVERY_MS,
      );
      return `${open} connections of the vantage are open at ${GATEWAY}`;
    },
    proveRemoval: async (target) => {
      const left = await waitFor(
        'held connections gone',
        REMOVAL_TIMEOUT_MS,
        async () => {
          const now = await connections(target);
          return now < held.count / 10 ? now : null;
        },
        LOOK_EVERY_MS,
      );
      return `${left} connections left at ${GATEWAY}`;
    },
  };
}

/** Established connections to the gateway's HTTPS port. */
async function connections(target: ChaosTarget): Promise<number> {
  const { stdout } = await target.exec(GATEWAY, ['sh', '-c', "ss -Htn state established 'sport = :443' | wc -l"]);
  return Number(stdout.trim());
}

/** How each held request ended, once all have; null until then. */
export async function heldResults(target: ChaosTarget): Promise<readonly HoldResult[] | null> {
  const { exitCode, stdout } = await target.exec(VANTAGE, ['cat', RESULT]);
  return exitCode === 0 && stdout.endsWith(']') ? (JSON.parse(stdout) as HoldResult[]) : null;
}
