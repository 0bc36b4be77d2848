import type { Mutant } from './mutant.ts';

const id = (slug: string): string => `production-gateway.${slug}`;

export default [
  {
    name: 'operations: one node tells its version',
    base: 'documented',
    file: 'http/request-limits.conf',
    find: 'server_tokens off;',
    replace: 'server_tokens on;',
    turns: [id('high-availability.two-gateways')],
  },
  {
    name: 'operations: statistics for everybody',
    base: 'documented',
    file: 'api/local.conf',
    find: 'allow 10.0.0.0/8;',
    replace: 'allow all;',
    turns: [id('observability.stub-status')],
  },
  {
    name: 'operations: no statistics where the exporter looks',
    base: 'hardened',
    file: 'sites-enabled/monitoring.conf',
    find: 'listen 127.0.0.1:8080;',
    replace: 'listen 127.0.0.1:8081;',
    turns: [id('observability.exporter-reaches-stub-status')],
  },
  {
    name: 'operations: no trace id for backends',
    base: 'hardened',
    file: 'api/forwarded-headers.conf',
    find: 'proxy_set_header trace-id $request_id;',
    replace: '',
    turns: [id('tracing.trace-id-header')],
  },
  {
    name: 'operations: one node lists its backends in another order',
    base: 'documented',
    file: 'upstreams/admin.conf',
    find: `    server admin-1:3000 weight=100 max_fails=2 fail_timeout=10s;
    server admin-2:3000 weight=100 max_fails=2 fail_timeout=10s;`,
    replace: `    server admin-2:3000 weight=100 max_fails=2 fail_timeout=10s;
    server admin-1:3000 weight=100 max_fails=2 fail_timeout=10s;`,
    turns: [id('high-availability.two-gateways')],
  },
  {
    name: 'operations: statistics for the office too',
    base: 'documented',
    file: 'api/local.conf',
    find: 'allow 10.0.0.0/8;',
    replace: 'allow 10.0.0.0/8;\n    allow 203.0.113.0/24;',
    turns: [id('observability.stub-status')],
  },
] satisfies Mutant[];
