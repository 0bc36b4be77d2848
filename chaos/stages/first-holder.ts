/**
 * Where every trial begins: the first node of a redundant pair holds the virtual address.
 * After a failover the other one may keep it, and a fault on the first would meet nobody.
 */
import { holdersNow } from '../observers/failover.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { ACTIVE, hasPair, STANDBY } from './gateway-pair.ts';

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

/**
 * Waits until the first node alone holds the address, asking the other to hand it over if it has it;
 * nothing to do where there is no pair.
 *
 * @throws WaitTimeout when it does not come about, Error when the other node refuses
 */
export async function firstNodeHolds(target: ChaosTarget): Promise<void> {
  if ((await hasPair(target)) !== null) return;
  const only = async (): Promise<boolean> => (await holdersNow(target)).join() === ACTIVE;
  if (await only()) return;
  const argv = ['bash', '-c', HAND_OVER, 'hand-over', target.gateway.address];
  const { exitCode, stderr } = await target.host.exec(target.containerId(STANDBY), argv);
  if (exitCode !== 0) throw new Error(`${STANDBY} did not hand the virtual address over: ${stderr.trim()}`);
  await waitFor(`the virtual address on ${ACTIVE} alone`, HOLDER_TIMEOUT_MS, only, LOOK_EVERY_MS);
}
