import type { Mutant } from './mutant.ts';

const id = (slug: string): string => `production-gateway.error-responses.${slug}`;

export default [
  {
    name: 'nginx’s own page for bodies that are too large',
    base: 'hardened',
    file: 'api/errors.conf',
    find: ' 412 413 414 ',
    replace: ' 412 414 ',
    turns: [id('uniform-json')],
  },
  {
    name: 'refusals without Retry-After',
    base: 'hardened',
    file: 'api/headers.conf',
    find: 'add_header Retry-After $retry_after always;',
    replace: '',
    turns: [id('rate-limit-json')],
  },
  {
    name: 'refusals without a hint in the body',
    base: 'hardened',
    file: 'http/error-answers.conf',
    find: `RATE_LIMIT_EXCEEDED ',"retryAfter":60';`,
    replace: 'RATE_LIMIT_EXCEEDED "";',
    turns: [id('rate-limit-json')],
  },
  {
    name: 'nginx’s own page for plain HTTP on the TLS port',
    base: 'hardened',
    file: 'api/errors.conf',
    find: ' 494 497 ',
    replace: ' ',
    turns: [id('uniform-json')],
  },
  {
    name: 'nginx’s own page for methods that a file does not have',
    base: 'hardened',
    file: 'api/errors.conf',
    find: ' 404 405 408 ',
    replace: ' 404 408 ',
    turns: [id('uniform-json')],
  },
  {
    name: 'no referrer policy on errors',
    base: 'documented',
    file: 'api/headers.conf',
    find: '"strict-origin-when-cross-origin" always;',
    replace: '"strict-origin-when-cross-origin";',
    turns: [id('security-headers-on-errors')],
  },
] satisfies Mutant[];
