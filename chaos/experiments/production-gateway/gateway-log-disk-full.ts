/**
 * The disk that the gateway logs to is full. Lines are lost, requests are not: nginx
 * tells the failed write and goes on.
 */
import { configEdit } from '../../faults/config-edit.ts';
import { diskFull } from '../../faults/disk-full.ts';
import { judgeDowntime } from '../../judgements/downtime.ts';
import { experiment } from '../../runner/experiment.ts';
import { pause } from '../../runner/wait.ts';
import { STANDBY } from '../../stages/gateway-pair.ts';
import { blindScripts } from '../../stages/sabotage.ts';
import { customerSeries } from '../../traffic/api-series.ts';
import { refusedWithoutLog } from '../../traffic/sabotage.ts';

const NODE = 'gateway-1';
const CLAIM = 'production-gateway.availability.99-95';
/** A small file system in memory that every container has: a full one harms nobody else. */
const FOLDER = '/dev/shm';
const WINDOW_MS = 6_000;
const PER_YEAR = 365;

export default experiment({
  title: 'A full disk under the access log',
  hypothesis: 'Without room for its log the gateway serves as before.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 40, timeout_ms: 8_000 })],
  stage: [configEdit([NODE], 'http/logging.conf', '/var/log/nginx/access.log', `${FOLDER}/access.log`)],
  method: [diskFull(NODE, FOLDER)],
  sabotage: [blindScripts(), ...refusedWithoutLog(NODE, `${FOLDER}/audit.log`)],
  blastRadius: [NODE, STANDBY],
  limit_s: 0,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  observe: async () => pause(WINDOW_MS),
  recover: async () => {},
  collect: async (target) => {
    const log = await target.exec(NODE, ['grep', '-a', 'No space left', '/var/log/nginx/error.log']);
    return { texts: { 'nginx error log': log.stdout.trim().split('\n').slice(-5) } };
  },
  judge: (trials) => [
    judgeDowntime(trials, {
      claim: CLAIM,
      what: 'a full disk under the log',
      perYear: PER_YEAR,
      mechanism: 'requests failed because their line could not be written',
    }),
  ],
});
