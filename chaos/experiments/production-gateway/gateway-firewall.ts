/** Both gateways get the packet filter that is promised for them: their adverts must still arrive. */
import { advertsLost } from '../../faults/adverts-lost.ts';
import { hasPolicy, packetPolicy } from '../../faults/packet-policy.ts';
import { holdingsOf, judgeEach, twice_ms } from '../../judgements/holders.ts';
import { vrrpVersion } from '../../predictions/vrrp-words.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { ACTIVE, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';

const FILTERED = 'production-gateway.high-availability.vrrp-through-firewall';
/** More than three lost adverts of a second each, and the takeover. */
const LOOK_MS = 8_000;

export default pairExperiment({
  title: 'Gateways with their packet filter',
  hypothesis: `With the filter in force on both, ${ACTIVE} alone goes on holding the address.`,
  verifies: [FILTERED],
  method: [packetPolicy([ACTIVE, STANDBY])],
  sabotage: [advertsLost({ at: STANDBY, from: ACTIVE, count: 'all', version: vrrpVersion })],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  preflight: (target) => hasPolicy(target, [ACTIVE, STANDBY]),
  observe: (watch) => untilServed(watch, LOOK_MS),
  recover: (watch) => untilServed(watch, 6_000),
  judge: (trials) => [
    judgeEach(
      FILTERED,
      `${ACTIVE} alone holds the address`,
      trials,
      single,
      'the filter accepts TCP to three ports and drops VRRP, which is a protocol of its own (112): the standby hears nothing and takes the address too',
    ),
  ],
});

function single({ trial }: TrialData): { kept: boolean; seen: string } {
  const others = holdingsOf(trial).filter(({ node }) => node !== ACTIVE).length;
  return {
    kept: others === 0,
    seen: `${STANDBY} held it ${String(others)} time(s), both for ${twice_ms(trial).toFixed(0)} ms; ${String(trial.failedRequests)} of ${String(trial.totalRequests)} requests failed`,
  };
}
