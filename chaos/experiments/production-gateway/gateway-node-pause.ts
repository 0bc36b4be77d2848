/**
 * The active gateway node freezes. Its kernel goes on: it keeps the virtual address,
 * answers ARP and accepts connections that nobody serves, until the standby takes over
 * and its gratuitous ARP moves the clients. When it thaws, two nodes have the address
 * for a moment.
 */
import { containerPause } from '../../faults/container-pause.ts';
import { judgeFailover } from '../../judgements/failover.ts';
import { twice_ms } from '../../judgements/holders.ts';
import { adverts, silentPrediction } from '../../predictions/vrrp-words.ts';
import { ACTIVE, afterAdvert, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';
import { slowAdverts } from '../../stages/sabotage.ts';

const FAILOVER = 'production-gateway.high-availability.failover-under-3s';
const LIMIT_S = 3;
const LOOK_MS = 5_000;

export default pairExperiment({
  title: 'The active gateway node freezes',
  hypothesis: `When the active gateway stops doing anything, clients are served by the standby in less than ${LIMIT_S} s.`,
  verifies: [FAILOVER],
  method: [
    containerPause(
      ACTIVE,
      { seenFrom: 'inspector', healthPath: '/health' },
      { command: ['pgrep', '-f', '^nginx: master'] },
    ),
  ],
  sabotage: [slowAdverts()],
  limit_s: LIMIT_S,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  worstPhase: afterAdvert,
  observe: (watch) => untilServed(watch, LOOK_MS),
  recover: (watch) => untilServed(watch, LOOK_MS),
  predict: silentPrediction,
  judge: (trials, settings) => {
    const judged = judgeFailover(FAILOVER, trials, LIMIT_S, adverts(settings));
    const twice = trials
      .filter(({ trial }) => trial.valid)
      .map(({ trial }) => twice_ms(trial, trial.fault.injected_ms));
    const most_s = Math.max(0, ...twice) / 1000;
    return [{ ...judged, observed: `${judged.observed}; two nodes had the address for up to ${most_s.toFixed(2)} s` }];
  },
});
