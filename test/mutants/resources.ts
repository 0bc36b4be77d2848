import type { Mutant } from './mutant.ts';

const claim = (slug: string): string => `production-gateway.resources.${slug}`;

export default [
  {
    name: 'customer connections are not kept',
    base: 'documented',
    file: 'upstreams/customer.conf',
    find: 'keepalive 64;',
    replace: '',
    turns: ['upstream-keepalive-reuse', 'upstream-keepalive-requests', 'upstream-idle-60s'].map(claim),
  },
  {
    name: 'the admin API closes after each request',
    base: 'documented',
    file: 'api/admin.conf',
    find: 'proxy_set_header Connection "";',
    replace: 'proxy_set_header Connection close;',
    turns: [claim('upstream-keepalive-reuse')],
  },
  {
    name: 'an admin connection lasts 50 requests',
    base: 'documented',
    file: 'upstreams/admin.conf',
    find: 'keepalive_requests 100;',
    replace: 'keepalive_requests 50;',
    turns: [claim('upstream-keepalive-requests')],
  },
  {
    name: 'idle customer connections are kept 40 s',
    base: 'documented',
    file: 'upstreams/customer.conf',
    find: 'keepalive_timeout 60s;',
    replace: 'keepalive_timeout 40s;',
    turns: [claim('upstream-idle-60s')],
  },
  {
    name: 'answers of the customer API are not buffered',
    base: 'documented',
    file: 'api/customer.conf',
    find: 'proxy_buffering on;',
    replace: 'proxy_buffering off;',
    turns: [claim('buffering')],
  },
  {
    name: 'requests to the customer API are not buffered',
    base: 'documented',
    file: 'api/customer.conf',
    find: 'proxy_buffering on;',
    replace: 'proxy_buffering on;\n    proxy_request_buffering off;',
    turns: [claim('buffering'), 'production-gateway.request-limits.body-buffer'],
  },
  {
    name: 'idle admin connections are kept 70 s',
    base: 'documented',
    file: 'upstreams/admin.conf',
    find: 'keepalive_timeout 60s;',
    replace: 'keepalive_timeout 70s;',
    turns: [claim('upstream-idle-60s')],
  },
  {
    name: 'bodies of the admin API pass unbuffered, both ways',
    base: 'documented',
    file: 'api/admin.conf',
    find: 'proxy_buffering on;',
    replace: 'proxy_buffering off;\n    proxy_request_buffering off;',
    turns: [claim('buffering'), 'production-gateway.request-limits.body-buffer'],
  },
] satisfies Mutant[];
