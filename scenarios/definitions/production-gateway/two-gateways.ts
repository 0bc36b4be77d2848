/**
 * What the second gateway adds to the first: static files through the address that both hold,
 * at a rate that one carries with ease. Requests go where the address is, so whoever serves
 * them shows what more nodes would bring.
 */
import { k6 } from '../../engines/k6.ts';
import { gainOf } from '../../gateways.ts';
import { scenario } from '../../scenario.ts';

export default scenario({
  title: 'What a second gateway adds',
  measures: 'latency',
  through: 'virtual address',
  engine: k6('api-mix.ts'),
  promises: [],
  figures: [
    {
      claim: 'production-gateway.scaling.gateway-horizontal',
      what: 'load that two gateways carry, against one',
      unit: 'times',
      better: 'higher',
      // The document expects about twice as much.
      limit: 1.8,
      question: null,
      of: gainOf(['gateway-1', 'gateway-2']),
    },
  ],
  routes: [{ name: 'static', method: 'GET', path: '/static/app.js', weight: 1 }],
  shapes: {
    smoke: { rate_perS: 100, warmup_s: 4, measured_s: 30 },
    nightly: { rate_perS: 200, warmup_s: 8, measured_s: 60 },
    prerelease: { rate_perS: 200, warmup_s: 8, measured_s: 120 },
  },
  perAddress_perMin: 30,
  timeout_s: 15,
});
