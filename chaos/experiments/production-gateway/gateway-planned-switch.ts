/** keepalived is stopped on the active gateway as before maintenance: its goodbye lets the standby take over at once. */
import { keepalivedStop } from '../../faults/keepalived-stop.ts';
import { judgeFailover } from '../../judgements/failover.ts';
import { adverts, goodbyePrediction } from '../../predictions/vrrp-words.ts';
import { orNull } from '../../runner/wait.ts';
import { ACTIVE, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';
import { standbyAbsent } from '../../stages/sabotage.ts';

const SWITCH = 'production-gateway.high-availability.planned-switch';
const LIMIT_S = 3;
const LOOK_MS = 4_000;

export default pairExperiment({
  title: 'A planned switch of the gateways',
  hypothesis: `A planned stop of keepalived on the active gateway moves the address within ${LIMIT_S} s.`,
  verifies: [SWITCH],
  method: [keepalivedStop(ACTIVE)],
  sabotage: [standbyAbsent()],
  limit_s: LIMIT_S,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  // Without a takeover nobody is served; the figures say so.
  observe: async (watch) => {
    await orNull(untilServed(watch, LOOK_MS, 8_000));
  },
  recover: (watch) => untilServed(watch, LOOK_MS),
  predict: goodbyePrediction,
  judge: (trials, settings) => [judgeFailover(SWITCH, trials, LIMIT_S, adverts(settings))],
});
