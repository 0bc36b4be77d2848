import type { Mutant } from './mutant.ts';

const claim = (slug: string): string => `production-gateway.timeouts.${slug}`;
const CONNECTIONS = 'http/connections.conf';

export default [
  {
    name: 'the admin API waits 90 s for its backend',
    base: 'documented',
    file: 'api/admin.conf',
    find: 'proxy_read_timeout 120s;',
    replace: 'proxy_read_timeout 90s;',
    turns: ['admin-read-120s', 'read-120s-admin'].map(claim),
  },
  {
    name: 'the customer API waits 90 s for a backend that does not read',
    base: 'documented',
    file: 'api/customer.conf',
    find: 'proxy_send_timeout 60s;',
    replace: 'proxy_send_timeout 90s;',
    turns: [claim('proxy-send')],
  },
  {
    name: 'idle clients are kept 65 s',
    base: 'documented',
    file: CONNECTIONS,
    find: 'keepalive_timeout 30;',
    replace: 'keepalive_timeout 65;',
    turns: [claim('client-keepalive-30s')],
  },
  {
    name: 'a client connection lasts 1000 requests',
    base: 'documented',
    file: CONNECTIONS,
    find: 'keepalive_requests 100;',
    replace: 'keepalive_requests 1000;',
    turns: [claim('client-keepalive-100')],
  },
  {
    name: '12 s for a request header',
    base: 'hardened',
    file: CONNECTIONS,
    find: 'client_header_timeout 10s;',
    replace: 'client_header_timeout 12s;',
    turns: [claim('client-header')],
  },
  {
    name: '12 s between two pieces of a body',
    base: 'hardened',
    file: CONNECTIONS,
    find: 'client_body_timeout 10s;',
    replace: 'client_body_timeout 12s;',
    turns: [claim('client-body')],
  },
  {
    name: 'clients may read nothing for 12 s',
    base: 'hardened',
    file: CONNECTIONS,
    find: 'send_timeout 10s;',
    replace: 'send_timeout 12s;',
    turns: ['client-send-10s', 'send-10s'].map(claim),
  },
  {
    name: 'exports of 120 s',
    base: 'hardened',
    file: 'api/slow-answers.conf',
    find: 'proxy_read_timeout 300s;',
    replace: 'proxy_read_timeout 120s;',
    turns: [claim('exports-300s')],
  },
  {
    name: 'streams of 600 s',
    base: 'hardened',
    file: 'api/slow-answers.conf',
    find: 'proxy_read_timeout 3600s;',
    replace: 'proxy_read_timeout 600s;',
    turns: [claim('stream-3600s')],
  },
  {
    name: 'events are held back until a buffer is full',
    base: 'hardened',
    file: 'api/stream-pool.conf',
    find: 'proxy_buffering off;',
    replace: 'proxy_buffering on;',
    turns: [claim('stream-3600s')],
  },
] satisfies Mutant[];
