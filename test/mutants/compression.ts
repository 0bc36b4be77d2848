import type { Mutant } from './mutant.ts';

const claim = (slug: string): string => `production-gateway.compression.${slug}`;
const COMPRESSION = 'http/compression.conf';

export default [
  {
    name: 'no Vary',
    base: 'documented',
    file: COMPRESSION,
    find: 'gzip_vary on;',
    replace: 'gzip_vary off;',
    turns: ['gzip', 'gzip-json'].map(claim),
  },
  {
    name: 'proxied requests are not compressed',
    base: 'documented',
    file: COMPRESSION,
    find: 'gzip_proxied any;',
    replace: 'gzip_proxied off;',
    turns: [claim('gzip-json')],
  },
  {
    name: 'images are compressed too',
    base: 'documented',
    file: COMPRESSION,
    find: 'image/svg+xml;',
    replace: 'image/svg+xml image/png;',
    turns: ['types', 'gzip'].map(claim),
  },
  {
    name: 'no brotli',
    base: 'hardened',
    file: COMPRESSION,
    find: 'brotli on;',
    replace: 'brotli off;',
    turns: [claim('brotli')],
  },
] satisfies Mutant[];
