/** The active gateway loses its way to every backend, the standby has it: the health script has to notice. */
import { firstHolder } from '../../faults/first-holder.ts';
import { networkCut } from '../../faults/network-cut.ts';
import { judgeEach, takenOver } from '../../judgements/holders.ts';
import { FailoverObserver } from '../../observers/failover.ts';
import { experiment } from '../../runner/experiment.ts';
import { ACTIVE, clientsOfThePair, hasPair, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { blindScripts } from '../../stages/sabotage.ts';

const UPSTREAMS = 'production-gateway.high-availability.check-upstreams';
/** Three runs of the slower script, its time limit, and the standby's timer. */
const LOOK_MS = 20_000;

const observer = new FailoverObserver();

export default experiment({
  title: 'The active gateway is cut off from the backends',
  hypothesis:
    'The health script triggers a failover when more than two upstream servers are unavailable to the active gateway.',
  verifies: [UPSTREAMS],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
  series: (target) => clientsOfThePair(target),
  stage: [firstHolder()],
  method: [networkCut(ACTIVE, 'backend')],
  blastRadius: [ACTIVE, STANDBY],
  sabotage: [blindScripts()],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  preflight: hasPair,
  prepare: (target) => observer.start(target),
  observe: (watch) => untilServed(watch, LOOK_MS),
  recover: (watch) => untilServed(watch, 2_000),
  collect: (target, window) => observer.collect(target, window),
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
