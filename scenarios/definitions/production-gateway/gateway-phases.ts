/**
 * Where the time of a request goes, by what nginx writes about it: 10 KB of JSON that it
 * compresses, from backends that take their budgeted time. Clients and backends close every
 * connection, so that each request connects twice. Of the document's phases nginx tells three
 * apart; the upper ends are the promises.
 */
import { k6 } from '../../engines/k6.ts';
import { connectPercentile, phasePercentile, upstreamWithin } from '../../phases.ts';
import { scenario } from '../../scenario.ts';
import { BROWSE } from './api-latency.ts';

const BYTES = 10_240;

export default scenario({
  title: 'Phases of a request in the gateway',
  measures: 'latency',
  engine: k6('api-mix.ts'),
  promises: [],
  figures: [
    {
      // The document adds name resolution and a CDN, which the environment does not have.
      claim: 'production-gateway.latency.time-to-gateway',
      what: 'P95 of connecting to the gateway',
      unit: 'ms',
      better: 'lower',
      limit: 10,
      of: connectPercentile(95),
    },
    {
      claim: 'production-gateway.latency.gateway-response',
      what: 'P95 of a request without its backend',
      unit: 'ms',
      better: 'lower',
      limit: 5,
      of: phasePercentile(95, ({ request_ms, upstream_ms }) => Math.max(0, request_ms - upstream_ms)),
    },
    {
      claim: 'production-gateway.latency.phase-budgets',
      what: 'P95 of connecting to the backend',
      unit: 'ms',
      better: 'lower',
      limit: 10,
      of: phasePercentile(95, ({ connect_ms }) => connect_ms),
    },
    {
      claim: 'production-gateway.latency.backend',
      what: 'requests whose backend took 30 to 640 ms',
      unit: '%',
      better: 'higher',
      limit: 99,
      of: upstreamWithin(30, 640),
    },
  ],
  routes: BROWSE,
  headers: {
    'Accept-Encoding': 'gzip',
    'X-Behave': JSON.stringify({ bodyBytes: BYTES, contentType: 'application/json', closeAfter: true }),
  },
  freshConnections: true,
  gateway: 'phases logged',
  shapes: {
    smoke: { rate_perS: 30, warmup_s: 8, measured_s: 50 },
    nightly: { rate_perS: 60, warmup_s: 20, measured_s: 120 },
    prerelease: { rate_perS: 60, warmup_s: 30, measured_s: 300 },
  },
  perAddress_perMin: 30,
  timeout_s: 15,
});
