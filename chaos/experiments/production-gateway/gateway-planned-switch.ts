/** keepalived is stopped on the active gateway as before maintenance: its goodbye lets the standby take over at once. */
import { firstHolder } from '../../faults/first-holder.ts';
import { keepalivedStop } from '../../faults/keepalived-stop.ts';
import { judgeFailover } from '../../judgements/failover.ts';
import { FailoverObserver } from '../../observers/failover.ts';
import { adverts, goodbyePrediction } from '../../predictions/vrrp-words.ts';
import { experiment } from '../../runner/experiment.ts';
import { ACTIVE, clientsOfThePair, hasPair, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { standbyAbsent } from '../../stages/sabotage.ts';

const SWITCH = 'production-gateway.high-availability.planned-switch';
const LIMIT_S = 3;
const LOOK_MS = 4_000;

const observer = new FailoverObserver();

export default experiment({
  title: 'A planned switch of the gateways',
  hypothesis: `A planned stop of keepalived on the active gateway moves the address within ${LIMIT_S} s.`,
  verifies: [SWITCH],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
  series: (target) => clientsOfThePair(target),
  stage: [firstHolder()],
  method: [keepalivedStop(ACTIVE)],
  blastRadius: [ACTIVE, STANDBY],
  sabotage: [standbyAbsent()],
  limit_s: LIMIT_S,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  preflight: hasPair,
  prepare: (target) => observer.start(target),
  observe: (watch) => untilServed(watch, LOOK_MS, 8_000).catch(() => undefined),
  recover: (watch) => untilServed(watch, LOOK_MS),
  collect: (target, window) => observer.collect(target, window),
  predict: goodbyePrediction,
  judge: (trials, settings) => [judgeFailover(SWITCH, trials, LIMIT_S, adverts(settings))],
});
