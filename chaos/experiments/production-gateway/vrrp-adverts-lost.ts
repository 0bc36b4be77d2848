/** Two adverts in a row get lost on their way to the standby: it waits for three, so nothing may move. */
import { advertsLost } from '../../faults/adverts-lost.ts';
import { holdingsOf, judgeEach, twice_ms } from '../../judgements/holders.ts';
import { vrrpVersion } from '../../predictions/vrrp-words.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { ACTIVE, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';
import { impatientStandby } from '../../stages/sabotage.ts';

const SINGLE = 'production-gateway.high-availability.single-vip-holder';
const LOST = 2;
const LOOK_MS = 4_000;

export default pairExperiment({
  title: 'Two adverts are lost',
  hypothesis: `Losing ${LOST} adverts in a row moves nothing: exactly one gateway holds the address all the time.`,
  verifies: [SINGLE],
  method: [advertsLost({ at: STANDBY, from: ACTIVE, count: LOST, version: vrrpVersion })],
  sabotage: [impatientStandby()],
  limit_s: 0,
  trials: { smoke: 1, nightly: 10, prerelease: 20 },
  observe: (watch) => untilServed(watch, LOOK_MS),
  recover: (watch) => untilServed(watch, 1_000),
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
