/** The gateway's waits for customer instances, divided by ten, so that a minute can be waited for. */
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { gatewayFiles } from './gateway-files.ts';

export const WAIT_SCALE = 10;

/** Where each variant sets them. */
const FILES: Readonly<Record<ChaosTarget['variant'], readonly string[]>> = {
  documented: ['/etc/nginx/api/customer.conf'],
  hardened: ['/etc/nginx/api/customer.conf', '/etc/nginx/api/attempts.conf'],
};
const WAIT = /(proxy_(?:connect|send|read|next_upstream)_timeout\s+)(\d+)s;/g;

/** Changes connect, send, read and next_upstream time-outs alike; undone by the old files and a reload. */
export function scaledWaits(node: string): Fault {
  const name = `waits for customer instances divided by ${WAIT_SCALE} on ${node}`;
  const faults = Object.fromEntries(
    Object.entries(FILES).map(([variant, paths]) => [
      variant,
      gatewayFiles({
        name,
        nodes: [node],
        paths,
        change: (old) => Object.fromEntries(Object.entries(old).map(([path, text]) => [path, scaled(text)])),
      }),
    ]),
  ) as Record<ChaosTarget['variant'], Fault>;
  return {
    name,
    services: [node],
    undo: (target) => faults[target.variant].undo(target),
    inject: (target) => faults[target.variant].inject(target),
    proveEffect: (target) => faults[target.variant].proveEffect(target),
    proveRemoval: (target) => faults[target.variant].proveRemoval(target),
  };
}

/** nginx reads these in milliseconds. */
export function scaled(text: string): string {
  return text.replace(
    WAIT,
    (_, directive: string, value: string) => `${directive}${(Number(value) * 1000) / WAIT_SCALE}ms;`,
  );
}
