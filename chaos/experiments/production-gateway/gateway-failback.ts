/** The former active node recovers after a failover: the promise is that it stays backup, and moves nobody a second time. */
import { nginxDeath } from '../../faults/nginx-death.ts';
import { holdersAt, judgeEach, takeover_ms } from '../../judgements/holders.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { ACTIVE, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';
import { alwaysPreferred } from '../../stages/sabotage.ts';

const NO_PREEMPT = 'production-gateway.high-availability.no-preempt';
const LOOK_MS = 9_000;
/** Two runs of the script until it counts as risen, and three adverts. */
const RETURN_MS = 8_000;

export default pairExperiment({
  title: 'The former active gateway recovers',
  hypothesis: 'After the original master recovers it remains backup.',
  verifies: [NO_PREEMPT],
  method: [nginxDeath(ACTIVE)],
  sabotage: [alwaysPreferred()],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  observe: (watch) => untilServed(watch, LOOK_MS),
  recover: (watch) => untilServed(watch, RETURN_MS),
  judge: (trials) => [
    judgeEach(
      NO_PREEMPT,
      `${STANDBY} keeps the address when ${ACTIVE} is well again`,
      trials,
      kept,
      'the recovered node has its priority of 100 back, above the 90 of the holder, and keepalived preempts unless it is told otherwise',
    ),
  ],
});

function kept({ trial }: TrialData): { kept: boolean | null; seen: string } {
  const taken_ms = takeover_ms(trial, ACTIVE);
  if (taken_ms === null || taken_ms > trial.fault.reverted_ms)
    return { kept: null, seen: 'the standby had not taken over before the repair' };
  const last = Math.max(...(trial.lanes ?? []).flatMap(({ spans }) => spans.map(({ to_ms }) => to_ms)));
  const holders = holdersAt(trial, Math.min(last, trial.fault.healed_ms + RETURN_MS) - 1);
  return {
    kept: holders.join() === STANDBY,
    seen: `${RETURN_MS / 1000} s after the repair ${holders.join(' and ') || 'nobody'} holds the address`,
  };
}
