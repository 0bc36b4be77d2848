/** Two adverts in a row get lost on their way to the standby: it waits for three, so nothing may move. */
import { advertsLost } from '../../faults/adverts-lost.ts';
import { firstHolder } from '../../faults/first-holder.ts';
import { holdingsOf, judgeEach, twice_ms } from '../../judgements/holders.ts';
import { FailoverObserver } from '../../observers/failover.ts';
import { vrrpVersion } from '../../predictions/vrrp-words.ts';
import { experiment } from '../../runner/experiment.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { ACTIVE, clientsOfThePair, hasPair, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { impatientStandby } from '../../stages/sabotage.ts';

const SINGLE = 'production-gateway.high-availability.single-vip-holder';
const LOST = 2;
const LOOK_MS = 4_000;

const observer = new FailoverObserver();

export default experiment({
  title: 'Two adverts are lost',
  hypothesis: `Losing ${LOST} adverts in a row moves nothing: exactly one gateway holds the address all the time.`,
  verifies: [SINGLE],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
  series: (target) => clientsOfThePair(target),
  stage: [firstHolder()],
  method: [advertsLost({ at: STANDBY, from: ACTIVE, count: LOST, version: vrrpVersion })],
  blastRadius: [ACTIVE, STANDBY],
  sabotage: [impatientStandby()],
  limit_s: 0,
  trials: { smoke: 1, nightly: 10, prerelease: 20 },
  preflight: hasPair,
  prepare: (target) => observer.start(target),
  observe: (watch) => untilServed(watch, LOOK_MS),
  recover: (watch) => untilServed(watch, 1_000),
  collect: (target, window) => observer.collect(target, window),
  judge: (trials) => [
    judgeEach(
      SINGLE,
      `${ACTIVE} alone holds the address`,
      trials,
      single,
      'the standby took over after fewer than three missed adverts',
    ),
  ],
});

function single({ trial }: TrialData): { kept: boolean; seen: string } {
  const others = holdingsOf(trial).filter(({ node }) => node !== ACTIVE).length;
  return {
    kept: others === 0 && trial.failedRequests === 0,
    seen: `${STANDBY} held it ${others} time(s), both for ${twice_ms(trial).toFixed(0)} ms; ${trial.failedRequests} of ${trial.totalRequests} requests failed`,
  };
}
