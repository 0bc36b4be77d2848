/**
 * What all clients together get in a minute: sixty of them, each at 60 requests a minute and
 * so below every limit of its own. A limit for all would have used up its burst in the warm-up.
 */
import { autocannon } from '../../engines/driven.ts';
import { acceptedPerMin } from '../../figures.ts';
import { scenario } from '../../scenario.ts';

const SHAPE = { rate_perS: 60, warmup_s: 10, measured_s: 60 };
const PROMISED_PER_MIN = 1_000;
/** A minute may begin with what the second before it left. */
const EDGE = 1.02;

export default scenario({
  title: 'A thousand requests a minute for all clients',
  measures: 'latency',
  engine: autocannon,
  promises: [],
  figures: [
    {
      claim: 'production-gateway.rate-limit.global-1000',
      what: 'requests of all clients that were accepted',
      unit: 'requests/min',
      better: 'lower',
      limit: PROMISED_PER_MIN * EDGE,
      of: acceptedPerMin,
    },
  ],
  routes: [{ name: 'ping', method: 'GET', path: '/api/v1/ping', weight: 1 }],
  shapes: { smoke: SHAPE, nightly: SHAPE, prerelease: SHAPE },
  perAddress_perMin: 60,
  timeout_s: 15,
});
