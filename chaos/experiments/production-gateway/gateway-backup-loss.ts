/** The standby gateway dies: nothing moves, and nobody notices. */
import { containerKill } from '../../faults/container-kill.ts';
import { holdingsOf, judgeEach, twice_ms } from '../../judgements/holders.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { ACTIVE, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';
import { twoHolders } from '../../stages/sabotage.ts';

const ONE_HOLDER = 'production-gateway.high-availability.vip-single-holder';
const LOOK_MS = 6_000;

export default pairExperiment({
  title: 'Losing the standby gateway node',
  hypothesis: `The virtual address stays with ${ACTIVE} and with it alone; no client notices that ${STANDBY} is gone and comes back.`,
  verifies: [ONE_HOLDER],
  method: [containerKill(STANDBY, { command: ['pgrep', '-f', '^nginx: master'] })],
  restarts: STANDBY,
  sabotage: [twoHolders()],
  limit_s: 0,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  observe: (watch) => untilServed(watch, LOOK_MS),
  recover: (watch) => untilServed(watch, LOOK_MS),
  judge: (trials) => [
    judgeEach(
      ONE_HOLDER,
      `${ACTIVE} holds the address all the time, ${STANDBY} never`,
      trials,
      one,
      'the address was with another node than the master, with both, or with none',
    ),
  ],
});

function one({ trial }: TrialData): { kept: boolean; seen: string } {
  const spans = holdingsOf(trial);
  const by = (node: string): number => spans.filter((span) => span.node === node).length;
  const kept = by(ACTIVE) === 1 && by(STANDBY) === 0 && trial.failedRequests === 0;
  return {
    kept,
    seen:
      `${ACTIVE} held it in ${by(ACTIVE)} span(s), ${STANDBY} in ${by(STANDBY)}, both for ${twice_ms(trial).toFixed(0)} ms; ` +
      `${trial.failedRequests} of ${trial.totalRequests} requests failed`,
  };
}
