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
] satisfies Mutant[];
