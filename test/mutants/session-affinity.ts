import type { Mutant } from './mutant.ts';

const id = (slug: string): string => `production-gateway.session-affinity.${slug}`;
const COOKIE = 'lua/affinity.lua';

export default [
  {
    name: 'affinity: the cookie is issued and not followed',
    base: 'hardened',
    file: 'api/customer-pool.conf',
    find: 'proxy_pass http://$customer_route;',
    replace: 'proxy_pass http://customer_backend;',
    turns: [id('cookie'), id('cookie-survives-ip'), id('ttl-30m')],
  },
  {
    name: 'affinity: the cookie lives for ten minutes',
    base: 'hardened',
    file: COOKIE,
    find: 'LIFETIME_S = 1800',
    replace: 'LIFETIME_S = 600',
    turns: [id('cookie-attributes'), id('ttl-30m')],
  },
  {
    name: 'affinity: scripts can read the cookie',
    base: 'hardened',
    file: COOKIE,
    find: '; HttpOnly',
    replace: '',
    turns: [id('cookie-attributes')],
  },
  {
    name: 'affinity: sockets are balanced by active requests',
    base: 'hardened',
    file: 'api/websocket-pool.conf',
    find: 'proxy_pass http://$address_route;',
    replace: 'proxy_pass http://customer_backend;',
    turns: [id('websocket'), id('ip-hash-stable'), id('ip-hash-full-pool'), 'production-gateway.websocket.sticky'],
  },
  {
    name: 'affinity: all sockets on one instance',
    base: 'hardened',
    file: 'http/affinity.conf',
    find: 'split_clients $remote_addr $address_route',
    replace: 'split_clients $server_name $address_route',
    turns: [id('ip-hash-spread')],
  },
  {
    name: 'affinity: pinned pools without the spare',
    base: 'hardened',
    file: 'upstreams/customer-pinned.conf',
    find: 'server customer-6:3001 weight=1 backup;',
    replace: '',
    turns: [id('ip-hash-full-pool')],
  },
] satisfies Mutant[];
