/** Clients that hold connections through the gateway while something happens to it: part of the stage. */
import type { HeldClient, HeldClientsSettings } from '../prober/held-clients-settings.ts';
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

const PROGRAM = '/opt/gateproof/chaos/prober/held-clients.ts';
const RESULT = '/tmp/gateproof-held-clients.json';
const VANTAGE = 'vantage';
/** Handshakes share one core with those of the probes, and a download takes its time. */
const EFFECT_TIMEOUT_MS = 30_000;
const REMOVAL_TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 250;
/** Nothing to end is as good. */
const STOP = ['sh', '-c', 'pkill -f -- "$1"; [ $? -le 1 ]', 'stop', `^node ${PROGRAM}`];

export type HeldClients = Pick<HeldClientsSettings, 'keepAlive' | 'download' | 'webSocket'>;

export const countOf = ({ keepAlive, download, webSocket }: HeldClients): number =>
  keepAlive.clients + download.clients + webSocket.clients;

/** Starts the clients at the vantage; undone by ending their program. Proved when each has been answered. */
export function heldClients(held: HeldClients): Fault {
  const count = countOf(held);
  return {
    name: `held-clients ${String(count)}`,
    services: [VANTAGE],
    undo: async (target) => [
      { action: 'exec', service: VANTAGE, containerId: target.containerId(VANTAGE), argv: STOP },
    ],
    inject: async (target) => {
      const { address, port, serverName } = target.gateway;
      const settings: HeldClientsSettings = {
        ...held,
        ...{ address, port, serverName },
        from: target.freshClients(count),
        resultFile: RESULT,
      };
      const argv = ['sh', '-c', 'rm -f "$3"; node "$1" "$2" >/tmp/gateproof-held-clients.log 2>&1 &', 'held', PROGRAM];
      await target.host.exec(target.containerId(VANTAGE), [...argv, JSON.stringify(settings), RESULT]);
    },
    proveEffect: async (target) => {
      await waitFor(
        `${String(count)} clients answered over connections that they hold`,
        EFFECT_TIMEOUT_MS,
        async () => (await heldClientsNow(target)).filter(isAnswered).length === count,
        LOOK_EVERY_MS,
      );
      return `${String(count)} clients hold a connection each and are answered over it`;
    },
    proveRemoval: async (target) => {
      await waitFor(`no ${PROGRAM}`, REMOVAL_TIMEOUT_MS, async () => {
        return (await target.exec(VANTAGE, ['pgrep', '-f', '--', `^node ${PROGRAM}`])).exitCode !== 0;
      });
      return 'the clients that held connections are gone';
    },
  };
}

const isAnswered = ({ connections }: HeldClient): boolean => {
  const present = connections.at(-1);
  return present !== undefined && present.ended_ms === null && present.answered_ms !== null;
};

/** What the clients have seen so far; none before they have begun. Instants are wall clock. */
export async function heldClientsNow(target: ChaosTarget): Promise<readonly HeldClient[]> {
  const { exitCode, stdout } = await target.exec(VANTAGE, ['cat', RESULT]);
  return exitCode === 0 ? (JSON.parse(stdout) as HeldClient[]) : [];
}
