/**
 * Clients hold connections while the active gateway loses its network: which of them go on at the other one, and who
 * gets a new one. Killed processes would say goodbye to their peers; a host that is gone does not.
 */
import { countOf, heldClients, heldClientsNow } from '../../faults/held-clients.ts';
import type { HeldClients } from '../../faults/held-clients.ts';
import { linkDown } from '../../faults/link-down.ts';
import { fateOf, HELD_CLIENTS, judgeHeld, onClock } from '../../judgements/held-connections.ts';
import type { HeldClient } from '../../prober/held-clients-settings.ts';
import type { TrialWatch } from '../../runner/experiment.ts';
import { orNull, waitFor } from '../../runner/wait.ts';
import { ACTIVE, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';
import { standbyAbsent } from '../../stages/sabotage.ts';

const CLAIM = 'production-gateway.high-availability.client-connections';
const LOOK_MS = 5_000;
/** What only waits hears nothing of the node that is gone: a download is given up after twice its time. */
const DOWNLOAD_PATIENCE_MS = 16_000;
const ALL_BACK_MS = 45_000;
const USER = { Authorization: 'Bearer valid:holder-{from}:user', 'Cache-Control': 'no-cache' };
/** 40 pieces of 8 KiB in 8 s. */
const SLOW = { stream: { chunks: 40, interval_ms: 200, chunkBytes: 8_192 } };

/** Each client has an address of its own and stays below the limits for one. */
const HELD: HeldClients = {
  keepAlive: { clients: 20, path: '/api/v1/ping', headers: USER, every_ms: 1_000, patience_ms: 10_000 },
  download: {
    clients: 5,
    path: '/api/v1/ping',
    headers: { ...USER, 'x-behave': JSON.stringify(SLOW) },
    every_ms: 0,
    patience_ms: DOWNLOAD_PATIENCE_MS,
  },
  webSocket: { clients: 5, path: '/ws', every_ms: 1_000, patience_ms: 10_000 },
};

let before: readonly HeldClient[] = [];

export default pairExperiment({
  title: 'Connections in a failover',
  hypothesis: 'Connections that clients hold go on at the gateway that takes over.',
  verifies: [CLAIM],
  stage: [heldClients(HELD)],
  method: [linkDown(ACTIVE, 'edge')],
  sabotage: [standbyAbsent()],
  beside: ['vantage'],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  observe: async (watch) => {
    before = [];
    // Without a takeover nobody is served; the figures say so.
    await orNull(untilServed(watch, LOOK_MS, 15_000));
    await orNull(waitFor('every client served over some connection', ALL_BACK_MS, () => allServed(watch)));
    before = await heldClientsNow(watch.target);
  },
  recover: (watch) => untilServed(watch, LOOK_MS),
  collect: async (_target, window) => ({
    texts: { [HELD_CLIENTS]: before.map((client) => JSON.stringify(onClock(client, window.at_ms))) },
  }),
  judge: (trials) => [judgeHeld(CLAIM, trials, countOf(HELD), ACTIVE)],
});

/** Whether each client has been answered since now, or since the fault over a later connection. */
async function allServed(watch: TrialWatch): Promise<boolean> {
  const clients = await heldClientsNow(watch.target);
  const injected_ms = watch.wall_ms(watch.injected_ms);
  const moments = { since_ms: 0, injected_ms, moved_ms: injected_ms + LOOK_MS };
  const settled = clients.map((client) => fateOf(client, moments));
  return settled.every((one) => one === null || one.fate === 'moved on' || one.back_ms !== null);
}
