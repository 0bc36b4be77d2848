import type { Mutant } from './mutant.ts';

const id = (slug: string): string => `production-gateway.health.${slug}`;

export default [
  {
    name: 'another word for healthy',
    base: 'documented',
    file: 'api/local.conf',
    find: '"status":"healthy"',
    replace: '"status":"ok"',
    turns: [id('gateway-endpoint')],
  },
  {
    name: 'health answered by a backend',
    base: 'documented',
    file: 'api/local.conf',
    find: `return 200 '{"status":"healthy","timestamp":"$time_iso8601"}';`,
    replace: 'proxy_pass http://customer_backend;',
    turns: [id('gateway-endpoint')],
  },
  {
    name: 'probes in the access log',
    base: 'documented',
    file: 'api/local.conf',
    find: 'access_log off;',
    replace: 'access_log /var/log/nginx/access.log json;',
    turns: [id('probe-noise-excluded')],
  },
  {
    name: 'plain probes redirected',
    base: 'hardened',
    file: 'sites-enabled/redirect.conf',
    find: 'location = /health {',
    replace: 'location = /probe {',
    turns: [id('plain-http-probe')],
  },
  {
    name: 'health answered by a backend that does not learn what was asked',
    base: 'documented',
    file: 'api/local.conf',
    find: `return 200 '{"status":"healthy","timestamp":"$time_iso8601"}';`,
    replace: 'proxy_pass http://customer_backend/health?fixed;',
    turns: [id('gateway-endpoint')],
  },
] satisfies Mutant[];
