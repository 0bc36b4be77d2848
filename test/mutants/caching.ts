import type { Mutant } from './mutant.ts';

const claim = (slug: string): string => `production-gateway.caching.${slug}`;
const CACHE = 'api/cache.conf';

export default [
  {
    name: 'one cache entry for all users',
    base: 'hardened',
    file: CACHE,
    find: ' user=$auth_user"',
    replace: '"',
    turns: [claim('user-isolation')],
  },
  {
    name: 'queries share a cache entry',
    base: 'hardened',
    file: CACHE,
    find: '$uri:$args user',
    replace: '$uri user',
    turns: [claim('key')],
  },
  {
    name: 'no cache lock',
    base: 'hardened',
    file: CACHE,
    find: 'proxy_cache_lock on;',
    replace: 'proxy_cache_lock off;',
    turns: [claim('lock')],
  },
  {
    name: 'no API cache',
    base: 'hardened',
    file: CACHE,
    find: 'proxy_cache $response_cache;',
    replace: 'proxy_cache off;',
    turns: ['api-responses', 'key', 'lock'].map(claim),
  },
  {
    name: 'assets for a week',
    base: 'documented',
    file: 'api/static.conf',
    find: 'expires 30d;',
    replace: 'expires 7d;',
    turns: ['static', 'static-30d'].map(claim),
  },
  {
    name: 'programs have entries of their own',
    base: 'hardened',
    file: CACHE,
    find: 'user=$auth_user"',
    replace: 'user=$auth_user $http_user_agent"',
    turns: [claim('key')],
  },
  {
    name: 'addresses have entries of their own',
    base: 'hardened',
    file: CACHE,
    find: 'user=$auth_user"',
    replace: 'user=$auth_user $remote_addr"',
    turns: [claim('key')],
  },
  {
    name: 'the lock is waited for longer',
    base: 'hardened',
    file: CACHE,
    find: 'proxy_cache_lock on;',
    replace: 'proxy_cache_lock on;\nproxy_cache_lock_timeout 30s;',
    turns: [claim('lock')],
  },
  {
    name: 'admin answers are cached for everybody',
    base: 'hardened',
    file: 'api/admin.conf',
    find: 'proxy_pass http://admin_backend;',
    replace: 'proxy_cache api_cache;\n    proxy_cache_key $uri$args;\n    proxy_pass http://admin_backend;',
    turns: [claim('user-isolation')],
  },
  {
    name: 'assets that may not be stored after all',
    base: 'documented',
    file: 'api/static.conf',
    find: 'public, immutable',
    replace: 'public, immutable, no-store',
    turns: [claim('static-30d')],
  },
] satisfies Mutant[];
