/**
 * One worker of a customer instance asks for more memory than its container may use.
 * The kernel ends the largest process, which is this worker; PM2 starts another one.
 */
import { memoryLimit } from '../../faults/memory-limit.ts';
import { judgeInvisible } from '../../judgements/failures.ts';
import { experiment } from '../../runner/experiment.ts';
import { pause } from '../../runner/wait.ts';
import { customerSeries } from '../../traffic/api-series.ts';
import { withoutSecondTry } from '../../traffic/sabotage.ts';

const GATEWAY = 'gateway-1';
const VICTIM = 'customer-5';
const CLAIM = 'production-gateway.failover.kill-one-instance';
const LIMIT_MIB = 384;
const WINDOW_MS = 5_000;

export default experiment({
  title: 'A PM2 worker runs out of memory',
  hypothesis: 'The worker is replaced, and clients see no failed request.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 30, timeout_ms: 12_000 })],
  method: [memoryLimit({ service: VICTIM, limit_mib: LIMIT_MIB, askedFrom: GATEWAY })],
  sabotage: withoutSecondTry(GATEWAY),
  blastRadius: [VICTIM, GATEWAY],
  limit_s: 0,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async () => pause(WINDOW_MS),
  recover: async () => {},
  judge: (trials) => [
    judgeInvisible(trials, {
      claim: CLAIM,
      expected: `no failed request while a worker of ${VICTIM} runs out of memory and is replaced`,
      mechanism: 'requests on the connections of the dead worker were not tried at another instance',
    }),
  ],
});
