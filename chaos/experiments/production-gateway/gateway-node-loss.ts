/**
 * The active gateway's host dies with everything in it. The standby misses its adverts,
 * takes the virtual address and tells the segment by gratuitous ARP.
 */
import { containerKill } from '../../faults/container-kill.ts';
import { judgeFailover } from '../../judgements/failover.ts';
import { judgeEach, takeover_ms } from '../../judgements/holders.ts';
import { NEIGHBOUR } from '../../observers/failover.ts';
import { adverts, silentPrediction } from '../../predictions/vrrp-words.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { ACTIVE, afterAdvert, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';
import { slowAdverts } from '../../stages/sabotage.ts';

const FAILOVER = 'production-gateway.high-availability.failover-host-loss';
const ANNOUNCED = 'production-gateway.high-availability.gratuitous-arp';
const LIMIT_S = 3;
/** The claim's own tolerance between taking the address and the clients' neighbour entry. */
const ANNOUNCE_LIMIT_MS = 100;
/** The slowest documented takeover, 3.65 s, and what follows it. */
const LOOK_MS = 5_000;

export default pairExperiment({
  title: 'Losing the active gateway node',
  hypothesis: `When the host of the active gateway disappears, clients of the virtual address are served again within ${LIMIT_S} s.`,
  verifies: [FAILOVER, ANNOUNCED],
  method: [containerKill(ACTIVE, { command: ['pgrep', '-f', '^nginx: master'] })],
  restarts: ACTIVE,
  sabotage: [slowAdverts()],
  limit_s: LIMIT_S,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  worstPhase: afterAdvert,
  observe: (watch) => untilServed(watch, LOOK_MS),
  recover: (watch) => untilServed(watch, LOOK_MS),
  predict: silentPrediction,
  judge: (trials, settings) => [
    judgeFailover(FAILOVER, trials, LIMIT_S, adverts(settings)),
    judgeEach(
      ANNOUNCED,
      `the clients' neighbour entry follows within ${ANNOUNCE_LIMIT_MS} ms of the takeover`,
      trials,
      announced,
      'no gratuitous ARP of the new holder reached the clients in time',
    ),
  ],
});

/** Whether the clients' segment learnt of the new holder as soon as it had the address. */
function announced(one: TrialData): { kept: boolean | null; seen: string } {
  const taken_ms = takeover_ms(one.trial, ACTIVE);
  if (taken_ms === null) return { kept: null, seen: 'no takeover was seen' };
  const moves = (one.collected[NEIGHBOUR] ?? [])
    .map((line) => Number(line.split(' ')[0]))
    .filter((at) => at >= taken_ms - 50);
  const [first] = moves;
  if (first === undefined) return { kept: false, seen: 'the neighbour entry did not change' };
  const after_ms = Math.max(0, first - taken_ms);
  return {
    kept: after_ms <= ANNOUNCE_LIMIT_MS,
    seen: `the neighbour entry changed ${after_ms.toFixed(0)} ms after the takeover`,
  };
}
