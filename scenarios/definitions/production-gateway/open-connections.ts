/**
 * Connections that one gateway holds: opened over TLS at an even pace, each answered once
 * when it opens and once more when all are there. In between they idle for less than the
 * documented 30 s. Static files, so that only the gateway is asked.
 */
import { connections } from '../../engines/driven.ts';
import { mostAtOnce } from '../../figures.ts';
import { scenario } from '../../scenario.ts';

/** A few more than promised. */
const CONNECTIONS = 10_100;
const MEASURED_S = 20;
const SHAPE = { rate_perS: CONNECTIONS / MEASURED_S, warmup_s: 20, measured_s: MEASURED_S };

export default scenario({
  title: 'Ten thousand connections at once',
  measures: 'latency',
  engine: connections,
  promises: [],
  figures: [
    {
      claim: 'production-gateway.capacity.10k-connections',
      what: 'connections that are open at once and answered',
      unit: 'connections',
      better: 'higher',
      limit: 10_000,
      of: mostAtOnce('held'),
    },
  ],
  routes: [{ name: 'static', method: 'GET', path: '/static/app.js', weight: 1 }],
  shapes: { smoke: SHAPE, nightly: SHAPE, prerelease: SHAPE },
  // Two requests a connection, one a step.
  perAddress_perMin: 60 / MEASURED_S,
  timeout_s: 15,
});
