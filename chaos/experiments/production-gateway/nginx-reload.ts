/**
 * The gateway reloads its configuration under load, twice. New workers take the
 * listening sockets over, old ones finish what they have: no connection is refused.
 */
import { nginxReload } from '../../faults/nginx-reload.ts';
import { judgeDowntime } from '../../judgements/downtime.ts';
import { experiment } from '../../runner/experiment.ts';
import { pause } from '../../runner/wait.ts';
import { STANDBY } from '../../stages/gateway-pair.ts';
import { blindScripts } from '../../stages/sabotage.ts';
import { customerSeries } from '../../traffic/api-series.ts';
import { slowWorkers } from '../../traffic/sabotage.ts';

const NODE = 'gateway-1';
const CLAIM = 'production-gateway.availability.99-95';
const INTERVAL_MS = 20;
/** Of a client: what is not answered by then has failed. */
const PATIENCE_MS = 3_000;
const WINDOW_MS = 4_000;
/** Once an hour: what a gateway does whose upstreams are scaled and whose certificates are renewed. */
const RELOADS_PER_YEAR = 8_760;

const second = nginxReload(NODE);

export default experiment({
  title: 'Reloading nginx under load',
  hypothesis: 'A reload of the configuration costs no request.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [
    customerSeries(target, { name: 'customers', interval_ms: INTERVAL_MS, timeout_ms: PATIENCE_MS }),
  ],
  method: [nginxReload(NODE)],
  sabotage: [blindScripts(), ...slowWorkers(NODE, 2 * (PATIENCE_MS / 1_000))],
  blastRadius: [NODE, STANDBY],
  limit_s: 0,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async (watch) => {
    await pause(WINDOW_MS);
    await watch.inject(second);
    await pause(WINDOW_MS);
  },
  recover: async () => {},
  predict: () => ({
    range_s: [0, 0],
    formula: 'new workers accept from the same listening sockets before the old ones stop: nothing is refused',
    settings: 'nginx -s reload (SIGHUP)',
  }),
  judge: (trials) => [
    judgeDowntime(trials, {
      claim: CLAIM,
      what: 'a reload',
      perYear: RELOADS_PER_YEAR,
      mechanism: 'requests failed after the reload: what the new workers read does not serve',
    }),
  ],
});
