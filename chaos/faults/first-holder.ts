/**
 * The stage of an experiment with the redundant pair: the first node holds the virtual
 * address when a trial begins, and again when it ends. A node that keeps it after a
 * failover is asked to hand it over, by stopping its keepalived for a moment.
 */
import type { Fault } from '../runner/fault.ts';
import { holdersNow } from '../observers/failover.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

const FIRST = 'gateway-1';
const OTHER = 'gateway-2';
/** A backup with a delay at its start, three adverts and the skew. */
const HOLDER_TIMEOUT_MS = 20_000;
const LOOK_EVERY_MS = 200;

/** Stops keepalived if its node has the address, waits until the address is gone, and starts keepalived. */
const HAND_OVER = `
held() { [ -n "$(ip -o -4 address show to "$1")" ]; }
if held "$1"; then
  pkill -TERM -x keepalived
  for look in $(seq 100); do held "$1" || pgrep -x keepalived >/dev/null || break; sleep 0.1; done
fi
pgrep -x keepalived >/dev/null || start-node keepalived </dev/null >/dev/null 2>&1
`;

/** Declares the stage. */
export function firstHolder(): Fault {
  const handOver = (target: ChaosTarget): readonly string[] => [
    'bash',
    '-c',
    HAND_OVER,
    'hand-over',
    target.gateway.address,
  ];
  return {
    name: `first-holder ${FIRST}`,
    services: [FIRST, OTHER],
    undo: async (target) => [
      { action: 'exec', service: OTHER, containerId: target.containerId(OTHER), argv: handOver(target) },
    ],
    inject: async (target) => {
      if ((await holdersNow(target)).join() === FIRST) return;
      const { exitCode, stderr } = await target.host.exec(target.containerId(OTHER), handOver(target));
      if (exitCode !== 0) throw new Error(`${OTHER} did not hand the virtual address over: ${stderr.trim()}`);
    },
    proveEffect: async (target) => {
      const only = async (): Promise<boolean> => (await holdersNow(target)).join() === FIRST;
      await waitFor(`the virtual address on ${FIRST} alone`, HOLDER_TIMEOUT_MS, only, LOOK_EVERY_MS);
      return `${FIRST} alone holds ${target.gateway.address}`;
    },
    proveRemoval: async () => 'nothing to remove',
  };
}
