/**
 * nginx dies on the active gateway, the node lives. The health script finds out, the
 * node's priority falls below the standby's, and the standby takes over.
 */
import { nginxDeath } from '../../faults/nginx-death.ts';
import { judgeFailover } from '../../judgements/failover.ts';
import { holdersAt, judgeEach, logged_ms, takenOver } from '../../judgements/holders.ts';
import { scriptPrediction, scriptWords } from '../../predictions/vrrp-words.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { orNull } from '../../runner/wait.ts';
import { ACTIVE, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';
import { blindScripts } from '../../stages/sabotage.ts';

const FAILOVER = 'production-gateway.high-availability.failover-nginx-death';
const FOUND = 'production-gateway.high-availability.check-process';
const DETECTED = 'production-gateway.high-availability.detection-4s';
const DEMOTED = 'production-gateway.high-availability.priority-drop';
const LIMIT_S = 3;
/** The claim allows 4.3 s from the kill to the line in the log. */
const DETECTION_MS = 4_300;
/** Two runs of the documented script, the standby's timer, and what follows. */
const LOOK_MS = 9_000;

export default pairExperiment({
  title: 'nginx dies on the active gateway',
  hypothesis: `When nginx dies on the active gateway, traffic flows through the standby within ${LIMIT_S} s.`,
  verifies: [FAILOVER, FOUND, DETECTED, DEMOTED],
  method: [nginxDeath(ACTIVE)],
  sabotage: [blindScripts()],
  limit_s: LIMIT_S,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  phasePeriod_s: 2,
  // Without a takeover nobody is served; the figures say so.
  observe: async (watch) => {
    await orNull(untilServed(watch, LOOK_MS));
  },
  recover: (watch) => untilServed(watch, LOOK_MS),
  predict: scriptPrediction,
  judge: (trials, settings) => [
    judgeFailover(FAILOVER, trials, LIMIT_S, scriptWords(settings)),
    judgeEach(
      FOUND,
      'the standby takes over when the process is gone',
      trials,
      ({ trial }) => takenOver(trial, ACTIVE),
      'the health script did not notice',
    ),
    judgeEach(
      DETECTED,
      'the log says within 4 s that the script failed',
      trials,
      detected,
      'the script runs too rarely, or too many failures are wanted',
    ),
    judgeEach(
      DEMOTED,
      'the priority falls below the standby’s, which becomes master',
      trials,
      demoted,
      'the priority did not fall, or not below the standby’s',
    ),
  ],
});

function detected(one: TrialData): { kept: boolean; seen: string } {
  const after_ms = logged_ms(one, new RegExp(`^${ACTIVE} .*[Ss]cript.* failed`));
  return {
    kept: after_ms !== null && after_ms <= DETECTION_MS,
    seen:
      after_ms === null ? 'keepalived logged no failure' : `logged ${(after_ms / 1000).toFixed(1)} s after the kill`,
  };
}

function demoted(one: TrialData): { kept: boolean; seen: string } {
  const fell_ms = logged_ms(
    one,
    new RegExp(`^${ACTIVE} .*(effective priority|priority).*(from \\d+ to \\d+|= ?\\d+)`, 'i'),
  );
  const holders = holdersAt(one.trial, one.trial.fault.reverted_ms - 1);
  return {
    kept: fell_ms !== null && holders.join() === STANDBY,
    seen: `${fell_ms === null ? 'no change of priority logged' : `priority changed ${(fell_ms / 1000).toFixed(1)} s after the kill`}; then ${holders.join(' and ') || 'nobody'} held the address`,
  };
}
