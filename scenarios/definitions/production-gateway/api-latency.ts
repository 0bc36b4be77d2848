/**
 * The document's latency targets under normal load. Backends take the time that
 * the document budgets for them (`/api/v1/browse/…` in the upstream service), so
 * the percentiles are that budget plus whatever the gateway adds. Clients are
 * many and each stays far below the documented 100 requests a minute.
 */
import { longestEndToEnd, shortestEndToEnd } from '../../end-to-end.ts';
import type { Network } from '../../end-to-end.ts';
import { k6 } from '../../engines/k6.ts';
import type { Route } from '../../k6/load.ts';
import { scenario } from '../../scenario.ts';

/** What the document gives the way between client and gateway; DNS and a CDN in front are optional. */
const NETWORK: Network = { shortest_ms: 10, longest_ms: 200 };

/** With fewer the fastest and the slowest say little. */
const ENDS_OF = 3_000;

/** What users do most; backends take their budgeted time for it. */
export const BROWSE: readonly Route[] = [
  { name: 'browse-list', method: 'GET', path: '/api/v1/browse/services', weight: 6 },
  { name: 'browse-detail', method: 'GET', path: '/api/v1/browse/services/42', weight: 3 },
  { name: 'browse-search', method: 'GET', path: '/api/v1/browse/search?q=gateway', weight: 1 },
];

export default scenario({
  title: 'API latency under normal load',
  measures: 'latency',
  // Fewer seconds tell too little of how seconds differ: the interval of P90 held its limit after seven.
  inSmokeVerify: { rate_perS: 60, warmup_s: 3, measured_s: 20 },
  engine: k6('api-mix.ts'),
  promises: [
    { claim: 'production-gateway.latency.sla-p50', percentile: 50, limit_ms: 200 },
    { claim: 'production-gateway.latency.p50', percentile: 50, limit_ms: 200 },
    { claim: 'production-gateway.latency.sla-p90', percentile: 90, limit_ms: 500 },
    { claim: 'production-gateway.latency.sla-p95', percentile: 95, limit_ms: 800 },
    { claim: 'production-gateway.latency.p95', percentile: 95, limit_ms: 800 },
    { claim: 'production-gateway.latency.sla-p99', percentile: 99, limit_ms: 1500 },
    { claim: 'production-gateway.latency.sla-p99_9', percentile: 99.9, limit_ms: 3000 },
  ],
  figures: [
    {
      claim: 'production-gateway.latency.end-to-end-range',
      what: 'fastest request end to end',
      unit: 'ms',
      better: 'higher',
      limit: 56,
      question: null,
      samples: ENDS_OF,
      of: shortestEndToEnd(NETWORK),
    },
    {
      claim: 'production-gateway.latency.end-to-end-range',
      what: 'slowest request end to end',
      unit: 'ms',
      better: 'lower',
      limit: 1410,
      question: null,
      samples: ENDS_OF,
      of: longestEndToEnd(NETWORK),
    },
  ],
  routes: BROWSE,
  shapes: {
    // So many requests bound the P99.9.
    smoke: { rate_perS: 60, warmup_s: 5, measured_s: 65 },
    nightly: { rate_perS: 200, warmup_s: 20, measured_s: 120 },
    prerelease: { rate_perS: 300, warmup_s: 30, measured_s: 300 },
  },
  perAddress_perMin: 30,
  timeout_s: 15,
});
