/** The active gateway loses its way to every backend, the standby has it: the health script has to notice. */
import { networkCut } from '../../faults/network-cut.ts';
import { judgeEach, takenOver } from '../../judgements/holders.ts';
import { ACTIVE, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';
import { blindScripts } from '../../stages/sabotage.ts';

const UPSTREAMS = 'production-gateway.high-availability.check-upstreams';
/** Three runs of the slower script, its time limit, and the standby's timer. */
const LOOK_MS = 20_000;

export default pairExperiment({
  title: 'The active gateway is cut off from the backends',
  hypothesis:
    'The health script triggers a failover when more than two upstream servers are unavailable to the active gateway.',
  verifies: [UPSTREAMS],
  method: [networkCut(ACTIVE, 'backend')],
  sabotage: [blindScripts()],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  observe: (watch) => untilServed(watch, LOOK_MS),
  recover: (watch) => untilServed(watch, 2_000),
  judge: (trials) => [
    judgeEach(
      UPSTREAMS,
      `${STANDBY} takes over from a node that reaches no backend`,
      trials,
      ({ trial }) => takenOver(trial, ACTIVE),
      "the script counts the word unavail in nginx's statistics, which never name upstream servers, and is redirected before it reads them",
    ),
  ],
});
