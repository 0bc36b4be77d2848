/** A stranger on the segment of the redundant pair: a third keepalived, same virtual router, priority 255, some password. */
import { holdersNow, NODES } from '../observers/failover.ts';
import type { Fault, UndoAction } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { must, removeRule } from './network-commands.ts';
import { strangerConfig } from './vrrp-stranger-config.ts';

export const STRANGER = 'vrrp-stranger';
/** Where the clients are: after the stranger they have to ask anew who has the address. */
const CLIENTS = 'vantage';
const FILE = '/run/keepalived.conf';
const VRRP = '112';
/** A node decides at the first advert; the others leave no doubt that it heard them. */
const ADVERTS = 5;
const EFFECT_TIMEOUT_MS = 20_000;
/** Three adverts, the skew, and a busy machine. */
const REMOVAL_TIMEOUT_MS = 20_000;
const LOOK_EVERY_MS = 200;

const START = `keepalived --vrrp --dont-fork --log-console --log-detail --use-file ${FILE} </dev/null >>/var/log/keepalived.log 2>&1 &`;
/** Asked to end, keepalived gives the address up and says goodbye. */
const STOP = `
pkill -TERM -x keepalived
for look in $(seq 100); do pgrep -x keepalived >/dev/null || break; sleep 0.1; done
! pgrep -x keepalived >/dev/null
`;

export interface StrangerOptions {
  /** What it knows of the password, for the report. */
  readonly knows: string;
  /** Text behind `auth_pass` in its configuration. */
  readonly password: string;
  /** It has to get the address from the pair, or the fault is not in: shows that strangers are heard at all. */
  readonly takesOver?: boolean;
}

/** Settings of the pair as they are in force. */
export async function pairConfig(target: ChaosTarget): Promise<string> {
  return (await target.exec(NODES[0], ['cat', FILE])).stdout;
}

/**
 * Starts keepalived in a container of its own on the nodes' network; undone by stopping it. Proved by adverts that
 * arrived at both nodes, counted by a rule that lets them pass.
 */
export function vrrpStranger({ knows, password, takesOver = false }: StrangerOptions): Fault {
  let config = '';
  let address = '';
  return {
    name: `${STRANGER} ${knows}`,
    services: [STRANGER, CLIENTS, ...NODES],
    undo: async (target) => {
      address = await startIdle(target);
      const peers = NODES.map((node) => target.addresses(node)['edge'] ?? '');
      config = strangerConfig(await pairConfig(target), { address, peers }, password);
      return undoOf(target, address);
    },
    inject: async (target) => {
      for (const node of NODES) await must(target, node, ['iptables', '-I', 'INPUT', ...ruleOf(address)]);
      const id = target.containerId(STRANGER);
      await target.host.put(id, FILE, config);
      const { exitCode, stderr } = await target.host.exec(id, ['sh', '-c', START]);
      if (exitCode !== 0) throw new Error(`keepalived did not start at ${STRANGER}: ${stderr.trim()}`);
    },
    proveEffect: async (target) => {
      const heard = await waitFor(
        `${String(ADVERTS)} adverts of the stranger at each node`,
        EFFECT_TIMEOUT_MS,
        async () => {
          const counts = await Promise.all(NODES.map((node) => advertsAt(target, node, address)));
          return counts.every((count) => count >= ADVERTS) ? counts : null;
        },
        LOOK_EVERY_MS,
      );
      if (takesOver)
        await waitFor('no node of the pair has the address', EFFECT_TIMEOUT_MS, async () => {
          return (await holdersNow(target)).length === 0;
        });
      await waitFor('the stranger has the address', EFFECT_TIMEOUT_MS, () => strangerHolds(target));
      const counted = NODES.map((node, index) => `${String(heard[index] ?? 0)} at ${node}`).join(', ');
      return `adverts of the stranger arrived: ${counted}${takesOver ? '; the pair has given the address up' : ''}`;
    },
    proveRemoval: async (target) => {
      await waitFor(
        `the address at ${NODES[0]} alone`,
        REMOVAL_TIMEOUT_MS,
        async () => !(await strangerHolds(target)) && (await holdersNow(target)).join() === NODES[0],
        LOOK_EVERY_MS,
      );
      return `the stranger is silent, ${NODES[0]} alone has the address`;
    },
  };
}

/** A container that does nothing yet, on the network where the virtual address is; its address. */
const startIdle = (target: ChaosTarget): Promise<string> =>
  target.startOwn({
    name: STRANGER,
    image: 'gateway',
    network: 'edge',
    command: ['sleep', 'infinity'],
    capabilities: ['NET_ADMIN', 'NET_RAW'],
  });

/** Fits adverts of the stranger, and does nothing with them. */
const ruleOf = (address: string): readonly string[] => ['-p', VRRP, '-s', address];

function undoOf(target: ChaosTarget, address: string): UndoAction[] {
  const at = (service: string) => ({ service, containerId: target.containerId(service) });
  return [
    { ...at(STRANGER), action: 'exec', argv: ['sh', '-c', STOP] },
    // A refused stranger has announced the address all the same, and nobody announces it again.
    { ...at(CLIENTS), action: 'network-exec', argv: ['ip', 'neigh', 'flush', 'to', target.gateway.address] },
    ...NODES.map((node): UndoAction => ({
      ...at(node),
      action: 'network-exec',
      argv: removeRule([], 'INPUT', ruleOf(address)),
    })),
  ];
}

async function advertsAt(target: ChaosTarget, node: string, address: string): Promise<number> {
  return countedBy(await must(target, node, ['iptables', '-nvxL', 'INPUT']), address);
}

/** Packets that the first rule about a source has seen, from `iptables -nvxL`; 0 without one. */
export function countedBy(listed: string, source: string): number {
  const line = listed.split('\n').find((one) => one.split(/\s+/).includes(source));
  return Number(/^\s*(\d+)/.exec(line ?? '')?.[1] ?? 0);
}

async function strangerHolds(target: ChaosTarget): Promise<boolean> {
  const argv = ['ip', '-o', '-4', 'address', 'show', 'to', target.gateway.address];
  return (await target.host.exec(target.containerId(STRANGER), argv)).stdout.trim() !== '';
}
