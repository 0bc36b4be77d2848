/**
 * A storm on the login: half of the users guess passwords, each at an address of its own and
 * five times a second, three times what the documented limit of the API lets through. The
 * warm-up is long enough to use up every burst. The other half asks the API as always.
 */
import { k6 } from '../../engines/k6.ts';
import { scenario } from '../../scenario.ts';
import { loginsThrough, neighboursDisturbed } from '../../users.ts';

/** Of every API route, by address (`rate-limit.api-per-ip`). */
const API_PER_MIN = 100;

export default scenario({
  title: 'A storm on the login',
  measures: 'latency',
  engine: k6('login-storm.ts'),
  promises: [],
  figures: [
    {
      claim: 'production-gateway.rate-limit.custom-sensitive-endpoints',
      what: 'logins that one address gets through, where other routes let 100 pass',
      unit: 'requests/min',
      better: 'lower',
      // Clearly less than elsewhere: "stricter" has no number in the document.
      limit: 0.9 * API_PER_MIN,
      of: loginsThrough(1.5 * API_PER_MIN),
    },
    {
      claim: 'production-gateway.rate-limit.isolation',
      what: 'requests of other clients that were refused or failed meanwhile',
      unit: '%',
      better: 'lower',
      limit: 1,
      of: neighboursDisturbed,
    },
  ],
  routes: [
    { name: 'login', method: 'POST', path: '/api/v1/auth/login', weight: 1 },
    { name: 'ping', method: 'GET', path: '/api/v1/ping', weight: 1 },
  ],
  shapes: {
    smoke: { rate_perS: 24, warmup_s: 14, measured_s: 40 },
    nightly: { rate_perS: 40, warmup_s: 14, measured_s: 120 },
    prerelease: { rate_perS: 40, warmup_s: 14, measured_s: 300 },
  },
  // One turn of a user: a request of the API, or five guesses.
  perAddress_perMin: 60,
  timeout_s: 15,
});
