/**
 * How many requests one gateway answers: static files over TLS, which it serves by itself.
 * With the documented 100 requests a minute for each client that would take more connections
 * than two workers have, so the limits by client are lifted. A connection still ends after the
 * documented 100 requests.
 */
import { h2load } from '../../engines/driven.ts';
import { answeredPerS } from '../../figures.ts';
import { scenario } from '../../scenario.ts';

/** A little more than promised: an interval can lie above the promise only if more was asked. */
const RATE_PER_S = 10_200;
/** Fifty-one requests a second on each connection. */
const CONNECTIONS = 200;

export default scenario({
  title: 'Ten thousand requests a second of static files over TLS',
  measures: 'latency',
  engine: h2load,
  promises: [],
  figures: [
    {
      claim: 'production-gateway.throughput.10k-rps',
      what: 'requests that one gateway answers, limits by client lifted',
      unit: 'requests/s',
      better: 'higher',
      limit: 10_000,
      of: answeredPerS('gateway-1'),
    },
  ],
  routes: [{ name: 'static', method: 'GET', path: '/static/app.js', weight: 1 }],
  gateway: 'limits by client lifted',
  shapes: {
    smoke: { rate_perS: RATE_PER_S, warmup_s: 10, measured_s: 60 },
    nightly: { rate_perS: RATE_PER_S, warmup_s: 10, measured_s: 120 },
    prerelease: { rate_perS: RATE_PER_S, warmup_s: 10, measured_s: 300 },
  },
  perAddress_perMin: (RATE_PER_S * 60) / CONNECTIONS,
  timeout_s: 15,
});
