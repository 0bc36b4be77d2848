/** nginx of the active gateway no longer listens for HTTPS, while port 80 answers: the health script has to notice. */
import { configEdit } from '../../faults/config-edit.ts';
import { firstHolder } from '../../faults/first-holder.ts';
import { judgeEach, takenOver } from '../../judgements/holders.ts';
import { FailoverObserver } from '../../observers/failover.ts';
import { experiment } from '../../runner/experiment.ts';
import { ACTIVE, clientsOfThePair, hasPair, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { blindScripts } from '../../stages/sabotage.ts';

const SERVING = 'production-gateway.high-availability.check-serving';
/** Three runs of the documented script and the standby's timer. */
const LOOK_MS = 12_000;

const observer = new FailoverObserver();

export default experiment({
  title: 'The active gateway answers HTTP only',
  hypothesis: 'The health script triggers a failover when nginx runs but cannot serve the API over HTTPS.',
  verifies: [SERVING],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
  series: (target) => clientsOfThePair(target),
  stage: [firstHolder()],
  method: [configEdit([ACTIVE], 'sites-enabled/api.conf', /^(\s*listen (?:\[::\]:)?)443\b/gm, '$18443')],
  blastRadius: [ACTIVE, STANDBY],
  sabotage: [blindScripts()],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  preflight: hasPair,
  prepare: (target) => observer.start(target),
  // Where nobody takes over, nobody is served: that is the finding, not a failure to look.
  observe: (watch) => untilServed(watch, LOOK_MS, LOOK_MS + 1_000).catch(() => undefined),
  recover: (watch) => untilServed(watch, 2_000),
  collect: (target, window) => observer.collect(target, window),
  judge: (trials) => [
    judgeEach(
      SERVING,
      `${STANDBY} takes over while ${ACTIVE} cannot serve HTTPS`,
      trials,
      ({ trial }) => takenOver(trial, ACTIVE),
      'the script asks port 80, whose answer is a redirect; curl counts it as a success and never asks HTTPS',
    ),
  ],
});
