/**
 * Requests that wait for the customer pool at once: five instances with 500 connections each
 * are documented. Connections are opened first; then each carries a request that a backend
 * takes longer for than all of them take to be sent.
 */
import { connections } from '../../engines/driven.ts';
import { mostAtOnce } from '../../figures.ts';
import { scenario } from '../../scenario.ts';

/** More than the promised 2,500, less than what the backup would take over as well. */
const REQUESTS = 2_600;
const MEASURED_S = 13;
const SHAPE = { rate_perS: REQUESTS / MEASURED_S, warmup_s: 20, measured_s: MEASURED_S };

export default scenario({
  title: 'The whole customer pool at work at once',
  measures: 'latency',
  engine: connections,
  promises: [],
  figures: [
    {
      claim: 'production-gateway.capacity.concurrency-ceiling',
      what: 'requests that wait for the customer pool at once and are answered',
      unit: 'requests',
      better: 'higher',
      limit: 2_500,
      of: mostAtOnce('waiting'),
    },
  ],
  routes: [{ name: 'slow', method: 'GET', path: '/api/v1/ping', weight: 1 }],
  headers: { 'X-Behave': JSON.stringify({ delay_ms: (MEASURED_S + 7) * 1000 }) },
  shapes: { smoke: SHAPE, nightly: SHAPE, prerelease: SHAPE },
  perAddress_perMin: 60 / MEASURED_S,
  timeout_s: 40,
});
