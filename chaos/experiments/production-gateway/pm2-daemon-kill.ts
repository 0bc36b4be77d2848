/**
 * The PM2 daemon of one instance dies. It is the primary of the cluster and the first
 * process of its container: its workers lose their channel to it and end, and nobody
 * is left to start others, until the container is started again.
 */
import { processSignal } from '../../faults/process-signal.ts';
import { judgeInvisible } from '../../judgements/failures.ts';
import { experiment } from '../../runner/experiment.ts';
import { pause } from '../../runner/wait.ts';
import { CUSTOMER_PRIMARIES, customerSeries } from '../../traffic/api-series.ts';
import { withoutSecondTry } from '../../traffic/sabotage.ts';

const GATEWAY = 'gateway-1';
const VICTIM = 'customer-4';
const CLAIM = 'production-gateway.failover.kill-one-instance';
const WINDOW_MS = 6_000;

export default experiment({
  title: 'Killing the PM2 daemon of a customer instance',
  hypothesis: 'The instance is lost with its daemon, and clients see no failed request.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800, answering: CUSTOMER_PRIMARIES },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 30, timeout_ms: 12_000 })],
  method: [processSignal({ service: VICTIM, process: 'PM2 daemon', signal: 'SIGKILL', which: 'all' })],
  sabotage: withoutSecondTry(GATEWAY),
  blastRadius: [VICTIM, GATEWAY],
  limit_s: 0,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async () => pause(WINDOW_MS),
  recover: async () => {},
  judge: (trials) => [
    judgeInvisible(trials, {
      claim: CLAIM,
      expected: `no failed request while ${VICTIM} is without its PM2 daemon`,
      mechanism: 'requests that were with the lost instance, or sent to it afterwards, were not tried at another one',
    }),
  ],
});
