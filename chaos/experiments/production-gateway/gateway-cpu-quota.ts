/**
 * The gateway gets a fifth of a processor. It is slower, and refuses nobody for it;
 * with its processor time back it is as fast as before.
 */
import { cpuQuotaLimit } from '../../faults/cpu-quota.ts';
import { judgeDowntime } from '../../judgements/downtime.ts';
import { experiment } from '../../runner/experiment.ts';
import { pause } from '../../runner/wait.ts';
import { STANDBY } from '../../stages/gateway-pair.ts';
import { blindScripts } from '../../stages/sabotage.ts';
import { customerSeries } from '../../traffic/api-series.ts';
import { costlyRequests } from '../../traffic/sabotage.ts';

const NODE = 'gateway-1';
const CLAIM = 'production-gateway.availability.99-95';
const CPUS = 0.2;
/** Of a client: what is not answered by then has failed. */
const PATIENCE_MS = 2_000;
const WINDOW_MS = 8_000;
/** A neighbour on the same host once a week. */
const PER_YEAR = 52;

export default experiment({
  title: 'A gateway with a fifth of a processor',
  hypothesis: 'Requests are slower while processor time is short, and none fails.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 40, timeout_ms: PATIENCE_MS })],
  method: [cpuQuotaLimit(NODE, CPUS)],
  // 12 ms of processor time for each of 25 requests a second, and what they take anyway: more than a fifth of a processor.
  sabotage: [blindScripts(), ...costlyRequests(NODE, 0.012)],
  blastRadius: [NODE, STANDBY],
  limit_s: null,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async () => pause(WINDOW_MS),
  recover: async () => {},
  predict: () => ({
    range_s: [0, 0],
    formula: `25 requests a second with a handshake each need less than ${CPUS} processors; each may wait for the rest of a tenth of a second`,
    settings: `CPU quota ${CPUS} of 100 ms`,
  }),
  judge: (trials) => [
    judgeDowntime(trials, {
      claim: CLAIM,
      what: 'a shortage of processor time',
      perYear: PER_YEAR,
      mechanism: 'with a fifth of a processor the gateway does not carry 25 new connections a second',
    }),
  ],
});
