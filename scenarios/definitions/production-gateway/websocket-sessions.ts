/**
 * WebSocket users who come and go: about 150 sessions at once, far below the documented
 * thousand, each user at an address of its own and so below every limit by address. Users
 * return several times, and each time should find the instance that they had.
 */
import { k6 } from '../../engines/k6.ts';
import { scenario } from '../../scenario.ts';
import { completedShare, movedOnReturn } from '../../users.ts';

export default scenario({
  title: 'WebSocket users who come and go',
  measures: 'latency',
  engine: k6('websocket-sessions.ts'),
  promises: [],
  figures: [
    {
      claim: 'production-gateway.websocket.upgrade',
      what: 'sessions that were upgraded and had every message answered',
      unit: '%',
      better: 'higher',
      limit: 99,
      of: completedShare,
    },
    {
      claim: 'production-gateway.websocket.sticky',
      what: 'sessions of returning users that another instance took',
      unit: '%',
      better: 'lower',
      limit: 0,
      of: movedOnReturn,
    },
  ],
  routes: [{ name: 'websocket', method: 'GET', path: '/ws', weight: 1 }],
  shapes: {
    smoke: { rate_perS: 20, warmup_s: 10, measured_s: 40 },
    nightly: { rate_perS: 40, warmup_s: 15, measured_s: 120 },
    prerelease: { rate_perS: 40, warmup_s: 15, measured_s: 300 },
  },
  // A session takes seven seconds; a user returns every fifteen.
  perAddress_perMin: 4,
  timeout_s: 25,
});
