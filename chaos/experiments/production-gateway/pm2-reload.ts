/**
 * `pm2 reload` replaces the workers of an instance one after the other: a new one
 * listens before an old one stops, and the old one finishes its answers. Requests go
 * to the instance directly, so that no second try of the gateway hides a lost one.
 */
import { impatientWorkers } from '../../faults/pm2-impatient.ts';
import { pm2Reload } from '../../faults/pm2-reload.ts';
import { judgeInvisible } from '../../judgements/failures.ts';
import { experiment } from '../../runner/experiment.ts';
import { pause } from '../../runner/wait.ts';
import { directSeries } from '../../traffic/direct-series.ts';

const INSTANCE = 'admin-2';
const CLAIM = 'production-gateway.process-manager.reload-no-drop';
const AFTER_MS = 2_000;

export default experiment({
  title: 'pm2 reload of an admin instance',
  hypothesis: 'Workers are replaced without dropping requests of a second each.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 2_000 },
  series: (target) => [
    directSeries(target, INSTANCE, { name: 'direct', interval_ms: 50, timeout_ms: 8_000, behave: { delay_ms: 1_000 } }),
  ],
  probesFrom: 'inspector',
  method: [pm2Reload(INSTANCE)],
  sabotage: [impatientWorkers(INSTANCE)],
  blastRadius: [INSTANCE],
  limit_s: 0,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async () => pause(AFTER_MS),
  recover: async () => {},
  judge: (trials) => [
    judgeInvisible(trials, {
      claim: CLAIM,
      expected: `no failed request of 1 s each, 20 a second, while the workers of ${INSTANCE} are replaced`,
      mechanism: 'an old worker ended before its answers were complete, or before a new one listened',
    }),
  ],
});
