import type { Mutant } from './mutant.ts';

const id = (slug: string): string => `production-gateway.security-headers.${slug}`;

export default [
  {
    name: 'framing forbidden on successes alone',
    base: 'documented',
    file: 'api/headers.conf',
    find: '"DENY" always;',
    replace: '"DENY";',
    turns: [id('proxied-and-errors'), 'production-gateway.error-responses.security-headers-on-errors'],
  },
  {
    name: 'HSTS without preload',
    base: 'documented',
    file: 'api/headers.conf',
    find: '; includeSubDomains; preload"',
    replace: '; includeSubDomains"',
    turns: [id('proxied-and-errors')],
  },
  {
    name: 'an add_header in the admin location',
    base: 'documented',
    file: 'api/admin.conf',
    find: 'limit_req_status 429;',
    replace: 'limit_req_status 429;\n    add_header X-Pool admin;',
    turns: [id('proxied-and-errors'), 'production-gateway.error-responses.security-headers-on-errors'],
  },
  {
    name: 'version of nginx shown',
    base: 'documented',
    file: 'http/request-limits.conf',
    find: 'server_tokens off;',
    replace: 'server_tokens on;',
    turns: [id('server-version-hidden')],
  },
  {
    name: 'an add_header in the static location',
    base: 'hardened',
    file: 'api/static.conf',
    find: 'expires 30d;',
    replace: 'expires 30d;\n    add_header X-Asset 1;',
    turns: [id('every-https-response'), id('dropped-in-locations')],
  },
  {
    name: 'no Content-Security-Policy',
    base: 'hardened',
    file: 'api/headers.conf',
    find: 'add_header Content-Security-Policy ',
    replace: 'add_header X-Policy ',
    turns: [id('set'), id('csp')],
  },
  {
    name: 'scripts call any host',
    base: 'hardened',
    file: 'api/headers.conf',
    find: "connect-src 'self' https://api.insightserenity.com",
    replace: 'connect-src *',
    turns: [id('csp')],
  },
  {
    name: 'microphone for the own pages',
    base: 'hardened',
    file: 'api/headers.conf',
    find: 'microphone=()',
    replace: 'microphone=(self)',
    turns: [id('permissions-policy')],
  },
  {
    name: 'framing header of the backend passes',
    base: 'hardened',
    file: 'api/headers.conf',
    find: 'proxy_hide_header X-Frame-Options;',
    replace: '',
    turns: [id('no-duplicates'), id('single-value')],
  },
] satisfies Mutant[];
