/** nginx of the active gateway no longer listens for HTTPS, while port 80 answers: the health script has to notice. */
import { configEdit } from '../../faults/config-edit.ts';
import { judgeEach, takenOver } from '../../judgements/holders.ts';
import { orNull } from '../../runner/wait.ts';
import { ACTIVE, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';
import { blindScripts } from '../../stages/sabotage.ts';

const SERVING = 'production-gateway.high-availability.check-serving';
/** Three runs of the documented script and the standby's timer. */
const LOOK_MS = 12_000;

export default pairExperiment({
  title: 'The active gateway answers HTTP only',
  hypothesis: 'The health script triggers a failover when nginx runs but cannot serve the API over HTTPS.',
  verifies: [SERVING],
  method: [configEdit([ACTIVE], 'sites-enabled/api.conf', /^(\s*listen (?:\[::\]:)?)443\b/gm, '$18443')],
  sabotage: [blindScripts()],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  // Where nobody takes over, nobody is served: that is the finding, not a failure to look.
  observe: async (watch) => {
    await orNull(untilServed(watch, LOOK_MS, LOOK_MS + 1_000));
  },
  recover: (watch) => untilServed(watch, 2_000),
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
