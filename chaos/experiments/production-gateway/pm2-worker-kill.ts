/**
 * One worker of a customer instance dies. Its connections are reset, and nginx tries
 * what was on them elsewhere; PM2 starts another worker after its restart delay.
 */
import { processSignal } from '../../faults/process-signal.ts';
import { judgeInvisible } from '../../judgements/failures.ts';
import { experiment } from '../../runner/experiment.ts';
import { pause } from '../../runner/wait.ts';
import { CUSTOMER_PRIMARIES, customerSeries } from '../../traffic/api-series.ts';
import { withoutSecondTry } from '../../traffic/sabotage.ts';

const GATEWAY = 'gateway-1';
const VICTIM = 'customer-3';
const CLAIM = 'production-gateway.failover.kill-one-instance';
const WINDOW_MS = 5_000;
/** `exp_backoff_restart_delay` of the service's PM2 file, and what a worker takes to start listening. */
const RESTART_DELAY_S = 0.1;
const START_S = 2;

export default experiment({
  title: 'Killing one PM2 worker of a customer instance',
  hypothesis: 'PM2 replaces the worker, and clients see no failed request.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800, answering: CUSTOMER_PRIMARIES },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 25, timeout_ms: 12_000 })],
  method: [processSignal({ service: VICTIM, process: 'PM2 worker', signal: 'SIGKILL', which: 'first' })],
  sabotage: withoutSecondTry(GATEWAY),
  blastRadius: [VICTIM, GATEWAY],
  limit_s: 0,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async () => pause(WINDOW_MS),
  recover: async () => {},
  predict: () => ({
    range_s: [0, 0],
    formula: `restart after ${RESTART_DELAY_S} s (doubled by 1.5 at each further death), listening within ${START_S} s more; a second try serves meanwhile`,
    settings: `exp_backoff_restart_delay ${RESTART_DELAY_S * 1000}; proxy_next_upstream_tries`,
  }),
  judge: (trials) => [
    judgeInvisible(trials, {
      claim: CLAIM,
      expected: `no failed request while a worker of ${VICTIM} is replaced`,
      mechanism: 'requests on the connections of the dead worker were not tried at another instance',
    }),
  ],
});
