/** The active gateway loses the clients' network, as by a pulled cable: it goes to FAULT, and each change runs its script once. */
import { firstHolder } from '../../faults/first-holder.ts';
import { linkDown } from '../../faults/link-down.ts';
import { judgeEach } from '../../judgements/holders.ts';
import { FailoverObserver, NOTIFIED } from '../../observers/failover.ts';
import { experiment } from '../../runner/experiment.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { ACTIVE, afterAdvert, clientsOfThePair, hasPair, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { silentNotify } from '../../stages/sabotage.ts';

const NOTIFY = 'production-gateway.high-availability.notify';
const LOOK_MS = 5_000;

const observer = new FailoverObserver();

export default experiment({
  title: 'The active gateway loses the clients’ network',
  hypothesis: 'State changes run the notify scripts for master, backup and fault, each once.',
  verifies: [NOTIFY],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
  series: (target) => clientsOfThePair(target),
  stage: [firstHolder()],
  method: [linkDown(ACTIVE, 'edge')],
  blastRadius: [ACTIVE, STANDBY],
  sabotage: [silentNotify()],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  preflight: hasPair,
  prepare: (target) => observer.start(target),
  worstPhase: afterAdvert,
  observe: (watch) => untilServed(watch, LOOK_MS),
  recover: (watch) => untilServed(watch, LOOK_MS),
  collect: (target, window) => observer.collect(target, window),
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
