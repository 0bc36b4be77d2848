/** The active gateway loses the clients' network, as by a pulled cable: it goes to FAULT, and each change runs its script once. */
import { linkDown } from '../../faults/link-down.ts';
import { judgeEach } from '../../judgements/holders.ts';
import { NOTIFIED } from '../../observers/failover.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { ACTIVE, afterAdvert, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';
import { silentNotify } from '../../stages/sabotage.ts';

const NOTIFY = 'production-gateway.high-availability.notify';
const LOOK_MS = 5_000;

export default pairExperiment({
  title: 'The active gateway loses the clients’ network',
  hypothesis: 'State changes run the notify scripts for master, backup and fault, each once.',
  verifies: [NOTIFY],
  method: [linkDown(ACTIVE, 'edge')],
  sabotage: [silentNotify()],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  worstPhase: afterAdvert,
  observe: (watch) => untilServed(watch, LOOK_MS),
  recover: (watch) => untilServed(watch, LOOK_MS),
  judge: (trials) => [
    judgeEach(
      NOTIFY,
      `FAULT once on ${ACTIVE} and MASTER once on ${STANDBY} while the cable is out`,
      trials,
      notified,
      'a change of state did not run its script, or ran it more than once',
    ),
  ],
});

function notified({ trial, collected }: TrialData): { kept: boolean; seen: string } {
  const during = (collected[NOTIFIED] ?? []).filter((line) => {
    const at_ms = Number(line.split(' ')[0]);
    return at_ms >= trial.fault.injected_ms && at_ms < trial.fault.reverted_ms;
  });
  const count = (node: string, state: string): number =>
    during.filter((line) => line.endsWith(`${node} ${state}`)).length;
  return {
    kept: count(ACTIVE, 'FAULT') === 1 && count(STANDBY, 'MASTER') === 1,
    seen: `scripts ran: ${during.map((line) => line.split(' ').slice(1).join(' ')).join(', ') || 'none'}`,
  };
}
