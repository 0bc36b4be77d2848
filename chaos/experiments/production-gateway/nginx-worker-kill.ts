/**
 * One of nginx's workers dies. Connections that it held are reset; the master starts
 * another one, and the remaining workers go on with the shared listening sockets.
 *
 * Requests that the dead worker had under way stay counted in the shared zone of their
 * upstream, for good: `least_conn` then leaves alone the instances that seem busier, as
 * long as the others have less to do. A reload begins with new counters, so one ends the
 * trial; without it the next trial would find instances that get nothing.
 */
import { nginxReload } from '../../faults/nginx-reload.ts';
import { processSignal } from '../../faults/process-signal.ts';
import { judgeDowntime } from '../../judgements/downtime.ts';
import { experiment } from '../../runner/experiment.ts';
import { pause } from '../../runner/wait.ts';
import { STANDBY } from '../../stages/gateway-pair.ts';
import { blindScripts } from '../../stages/sabotage.ts';
import { customerSeries } from '../../traffic/api-series.ts';
import { withoutReplacement } from '../../traffic/sabotage.ts';

const NODE = 'gateway-1';
const CLAIM = 'production-gateway.availability.99-95';
/** Of a client: what is not answered by then has failed. */
const PATIENCE_MS = 2_000;
const WINDOW_MS = 5_000;
/** Once a day would be a broken module; once a week is already generous. */
const DEATHS_PER_YEAR = 52;

const worker = { service: NODE, process: 'nginx worker', signal: 'SIGKILL' } as const;

export default experiment({
  title: 'Killing one nginx worker',
  hypothesis: 'The death of one worker costs the requests that it held and nothing more.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 20, timeout_ms: PATIENCE_MS })],
  method: [processSignal({ ...worker, which: 'first' })],
  sabotage: [blindScripts(), ...withoutReplacement(NODE, (WINDOW_MS + 2 * PATIENCE_MS) / 1_000)],
  blastRadius: [NODE, STANDBY],
  limit_s: null,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async () => pause(WINDOW_MS),
  recover: async (watch) => {
    const fresh = nginxReload(NODE);
    await watch.inject(fresh);
    await watch.revert(fresh);
  },
  collect: async (target) => {
    const log = await target.exec(NODE, ['grep', '-a', 'exited on signal 9', '/var/log/nginx/error.log']);
    return { texts: { 'nginx error log': log.stdout.trim().split('\n').slice(-5) } };
  },
  judge: (trials) => [
    judgeDowntime(trials, {
      claim: CLAIM,
      what: 'the death of a worker',
      perYear: DEATHS_PER_YEAR,
      mechanism: 'nobody started another worker: connections stayed in the backlog of the listening socket',
    }),
  ],
});
