/**
 * Requests that wait for the customer pool at once: five instances with 500 connections each
 * are documented. Backends take ten seconds for each, so that all are under way together.
 */
import { connections } from '../../engines/driven.ts';
import { mostAtOnce } from '../../figures.ts';
import { scenario } from '../../scenario.ts';

/** More than the promised 2,500, less than what the backup would take over as well. */
const REQUESTS = 2_600;
const STEP_S = 5;
const SHAPE = { rate_perS: REQUESTS / STEP_S, warmup_s: STEP_S, measured_s: STEP_S };

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
  headers: { 'X-Behave': JSON.stringify({ delay_ms: 10_000 }) },
  shapes: { smoke: SHAPE, nightly: SHAPE, prerelease: SHAPE },
  perAddress_perMin: 60 / STEP_S,
  timeout_s: 15,
});
