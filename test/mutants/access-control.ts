import type { Mutant } from './mutant.ts';

const id = (slug: string): string => `production-gateway.access-control.${slug}`;

export default [
  {
    name: 'admin requests without a token',
    base: 'hardened',
    file: 'api/auth.conf',
    find: 'if ($http_x_admin_token = "") {',
    replace: 'if ($http_x_admin_token = "none") {',
    turns: [
      id('admin-token-required'),
      id('admin-401-json'),
      'production-gateway.authentication.admin-token-at-gateway',
    ],
  },
  {
    name: 'admin API for everybody',
    base: 'hardened',
    file: 'api/admin.conf',
    find: 'deny all;',
    replace: 'allow all;',
    turns: [id('admin-allowlist'), id('check-order')],
  },
  {
    name: 'operators locked out',
    base: 'hardened',
    file: 'api/admin.conf',
    find: 'allow 10.0.0.0/8;',
    replace: 'allow 10.0.0.0/16;',
    turns: [id('admin-allowlist')],
  },
  {
    name: 'office locked out',
    base: 'hardened',
    file: 'api/admin.conf',
    find: 'allow 203.0.113.0/24;',
    replace: '',
    turns: [id('admin-allowlist')],
  },
  {
    name: 'validation endpoints for clients',
    base: 'hardened',
    file: 'api/auth.conf',
    find: 'internal;',
    replace: '',
    turns: [id('internal-auth-endpoints')],
  },
  {
    name: 'blocked countries are served',
    base: 'hardened',
    file: 'http/country.conf',
    find: 'ZZ 1;',
    replace: 'ZZ "";',
    turns: [id('geo-block'), id('geoip')],
  },
  {
    name: 'statistics for everybody',
    base: 'documented',
    file: 'api/local.conf',
    find: 'allow 10.0.0.0/8;',
    replace: 'allow all;',
    turns: [id('stub-status')],
  },
  {
    name: 'metrics of a backend through the gateway',
    base: 'documented',
    file: 'api/websocket.conf',
    find: 'location /ws {',
    replace: 'location = /metrics {\n    proxy_pass http://customer_backend;\n}\nlocation /ws {',
    turns: [id('metrics-protected')],
  },
  {
    name: 'every origin allowed',
    base: 'documented',
    file: 'api/headers.conf',
    find: 'add_header Referrer-Policy',
    replace: 'add_header Access-Control-Allow-Origin "*" always;\nadd_header Referrer-Policy',
    turns: [id('cors-allowlist')],
  },
] satisfies Mutant[];
