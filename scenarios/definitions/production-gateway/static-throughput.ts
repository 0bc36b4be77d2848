/**
 * How many requests one gateway answers: static files over TLS, which it serves by itself,
 * from as many addresses as the documented 100 requests a minute ask for. Every address has
 * one connection, which the gateway closes after the documented 100 requests.
 */
import { h2load } from '../../engines/driven.ts';
import { answeredPerS } from '../../figures.ts';
import { scenario } from '../../scenario.ts';

/** A little more than promised: an interval can lie above the promise only if more was asked. */
const RATE_PER_S = 10_200;

export default scenario({
  title: 'Ten thousand requests a second of static files over TLS',
  measures: 'latency',
  engine: h2load,
  promises: [],
  figures: [
    {
      claim: 'production-gateway.throughput.10k-rps',
      what: 'requests that one gateway answers',
      unit: 'requests/s',
      better: 'higher',
      limit: 10_000,
      of: answeredPerS('gateway-1'),
    },
  ],
  routes: [{ name: 'static', method: 'GET', path: '/static/app.js', weight: 1 }],
  shapes: {
    smoke: { rate_perS: RATE_PER_S, warmup_s: 40, measured_s: 60 },
    nightly: { rate_perS: RATE_PER_S, warmup_s: 40, measured_s: 120 },
    prerelease: { rate_perS: RATE_PER_S, warmup_s: 40, measured_s: 300 },
  },
  perAddress_perMin: 90,
  timeout_s: 15,
});
