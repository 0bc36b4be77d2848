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
] satisfies Mutant[];
