/** What experiments with the redundant pair have in common: who is probed, what is watched, how long one looks. */
import type { SeriesConfig } from '../prober/protocol.ts';
import type { TrialWatch } from '../runner/experiment.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

export const ACTIVE = 'gateway-1';
export const STANDBY = 'gateway-2';

const SERIES = 'new-connections';
const INTERVAL_MS = 10;
/** Below the kernel's first retransmission of a SYN (1 s): each probe is one attempt. */
const PROBE_TIMEOUT_MS = 900;
const PROBES_AT_MOST = 4_000;

/** Clients of the virtual address, each on a new connection; the gateway answers by itself. */
export function clientsOfThePair(target: ChaosTarget, path = '/health'): readonly SeriesConfig[] {
  return [
    {
      kind: 'new-connection',
      name: SERIES,
      address: target.gateway.address,
      port: target.gateway.port,
      tls: { serverName: target.gateway.serverName, ...(target.gateway.ca ? { ca: target.gateway.ca } : {}) },
      method: 'GET',
      path,
      host: target.gateway.serverName,
      interval_ms: INTERVAL_MS,
      timeout_ms: PROBE_TIMEOUT_MS,
      expect: [200],
      from: target.freshClients(PROBES_AT_MOST),
    },
  ];
}

/** Answers without a failure for so long mean that clients are served again. */
const SERVED_MS = 1_000;

/** Looks for at least `least_ms`, and on until clients have been served for a second, at most `most_ms`. */
export async function untilServed(watch: TrialWatch, least_ms: number, most_ms = 30_000): Promise<void> {
  const from_ms = watch.now_ms();
  await waitFor('clients served again for 1 s', most_ms, () => {
    const now_ms = watch.now_ms();
    const recent = watch.probes().filter(({ done_ms }) => done_ms >= now_ms - SERVED_MS);
    const calm = recent.length > 0 && recent.every(({ ok }) => ok);
    return now_ms - from_ms >= least_ms && calm;
  });
}

export const hasPair = async (target: ChaosTarget): Promise<string | null> =>
  target.gateway.address === target.addresses(ACTIVE)['edge']
    ? 'keepalived does not run on the gateways: there is no virtual address'
    : null;

const ADVERT_TIMEOUT_MS = 10_000;

/**
 * Returns right after an advert of the active node has reached the standby: a node that
 * falls silent now is missed as late as possible.
 */
export async function afterAdvert(target: ChaosTarget): Promise<void> {
  const source = target.addresses(ACTIVE)['edge'] ?? '';
  const rule = `INPUT -p 112 -s ${source}`;
  const script =
    `iptables -I ${rule}; before=$(iptables -nvxL INPUT 1 | awk '{print $1}'); ` +
    `for look in $(seq 1000); do [ "$(iptables -nvxL INPUT 1 | awk '{print $1}')" != "$before" ] && break; sleep 0.005; done; ` +
    `iptables -D ${rule}`;
  await waitFor('an advert of the active node', ADVERT_TIMEOUT_MS, async () => {
    const { exitCode } = await target.host.networkExec(target.containerId(STANDBY), ['sh', '-c', script]);
    return exitCode === 0;
  });
}
