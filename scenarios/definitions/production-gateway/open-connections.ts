/**
 * Connections that one gateway holds: opened over TLS at an even pace, each answered when it
 * opens, now and then before the documented 30 s of idling are over, and once more when all
 * are there. Static files, so that only the gateway is asked.
 */
import { connections } from '../../engines/driven.ts';
import { ACHIEVED_RULE } from '../../engines/validity.ts';
import { mostAtOnce, workerMemoryHolding } from '../../figures.ts';
import { scenario } from '../../scenario.ts';

/** A few more than promised. */
const CONNECTIONS = 10_100;
const MEASURED_S = 24;
/** Opened in a minute: a TLS handshake costs the generator about two milliseconds. */
const SHAPE = { rate_perS: CONNECTIONS / MEASURED_S, warmup_s: 60, measured_s: MEASURED_S };

export default scenario({
  watchesWorkers: true,
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
    {
      claim: 'production-gateway.resources.worker-memory',
      what: 'memory of the largest worker with connections open',
      unit: 'MiB',
      better: 'lower',
      limit: 10,
      // Connections that are refused weigh nothing, and the others can be counted.
      question: ACHIEVED_RULE,
      of: workerMemoryHolding('gateway-1', 4_000),
    },
  ],
  routes: [{ name: 'static', method: 'GET', path: '/static/app.js', weight: 1 }],
  shapes: { smoke: SHAPE, nightly: SHAPE, prerelease: SHAPE },
  // One request in the measured step decides how many connections there are.
  perAddress_perMin: 60 / MEASURED_S,
  timeout_s: 15,
});
