/** nginx dies on both gateways: the virtual address has to stay somewhere, so that who recovers first serves. */
import { nginxDeath } from '../../faults/nginx-death.ts';
import { together } from '../../faults/together.ts';
import { holdersAt, judgeEach } from '../../judgements/holders.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { ACTIVE, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';
import { scriptsWithoutWeight } from '../../stages/sabotage.ts';
import { pause } from '../../runner/wait.ts';

const BOTH = 'production-gateway.high-availability.both-unhealthy';
/** Two runs of the script on each node, and the timers that follow. */
const LOOK_MS = 12_000;

export default pairExperiment({
  title: 'nginx dies on both gateways',
  hypothesis: 'If both gateways fail their health check, the virtual address remains on exactly one node.',
  verifies: [BOTH],
  method: [together('nginx-death on both gateways', [nginxDeath(ACTIVE), nginxDeath(STANDBY)])],
  sabotage: [scriptsWithoutWeight()],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  // A stated time of watching: nothing can be served that could be waited for.
  observe: () => pause(LOOK_MS),
  recover: (watch) => untilServed(watch, 3_000),
  judge: (trials) => [
    judgeEach(
      BOTH,
      'exactly one node holds the address',
      trials,
      one,
      'a node without a healthy script gives the address up',
    ),
  ],
});

function one({ trial }: TrialData): { kept: boolean; seen: string } {
  const holders = holdersAt(trial, trial.fault.reverted_ms - 1);
  return {
    kept: holders.length === 1,
    seen: `after ${((trial.fault.reverted_ms - trial.fault.injected_ms) / 1000).toFixed(0)} s ${holders.join(' and ') || 'nobody'} holds the address`,
  };
}
