/**
 * What the gateway adds to a request that its backend answers at once: the same request
 * through the gateway and past it, in pairs. The document gives 5–15 ms for processing
 * a request and 10–20 ms in its summary; only the upper ends are promises.
 */
import { k6 } from '../../engines/k6.ts';
import { scenario } from '../../scenario.ts';

export default scenario({
  title: 'What the gateway adds to a request',
  measures: 'overhead',
  besides: ['customer-1', 'customer-2', 'customer-3', 'customer-4', 'customer-5'],
  engine: k6('overhead.ts'),
  promises: [
    { claim: 'production-gateway.latency.gateway-overhead', percentile: 50, limit_ms: 20 },
    { claim: 'production-gateway.latency.gateway-processing', percentile: 95, limit_ms: 15 },
  ],
  routes: [{ name: 'ping', method: 'GET', path: '/api/v1/ping', weight: 1 }],
  shapes: {
    smoke: { rate_perS: 30, warmup_s: 8, measured_s: 50 },
    nightly: { rate_perS: 30, warmup_s: 20, measured_s: 120 },
    prerelease: { rate_perS: 30, warmup_s: 30, measured_s: 300 },
  },
  perAddress_perMin: 30,
  timeout_s: 15,
});
