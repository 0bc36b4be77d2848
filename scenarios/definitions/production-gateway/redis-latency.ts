/** How fast Redis answers what shared limits ask of it: INCR and GET over fifty connections. */
import { redis } from '../../engines/driven.ts';
import { scenario } from '../../scenario.ts';

const CONNECTIONS = 50;
const RATE_PER_S = 1_000;
const COUNT = { rate_perS: RATE_PER_S, warmup_s: 3, measured_s: 20 };

export default scenario({
  title: 'Answers of Redis',
  measures: 'latency',
  store: 'redis-1',
  engine: redis,
  // Typically, the document says: half of them.
  promises: [{ claim: 'production-gateway.data-stores.redis-latency', percentile: 50, limit_ms: 1 }],
  routes: [{ name: 'INCR and GET', method: 'GET', path: '/', weight: 1 }],
  shapes: { smoke: COUNT, nightly: { ...COUNT, measured_s: 60 }, prerelease: { ...COUNT, measured_s: 60 } },
  perAddress_perMin: (60 * RATE_PER_S) / CONNECTIONS,
  timeout_s: 5,
});
