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
  {
    name: 'only what proxies may not keep is compressed for them',
    base: 'documented',
    file: COMPRESSION,
    find: 'gzip_proxied any;',
    replace: 'gzip_proxied expired no-cache no-store private auth;',
    turns: [claim('gzip-json')],
  },
  {
    name: 'another level of compression',
    base: 'documented',
    file: COMPRESSION,
    find: 'gzip_comp_level 6;',
    replace: 'gzip_comp_level 5;',
    turns: [claim('gzip-json')],
  },
  {
    name: 'a type that nobody asks for',
    base: 'documented',
    file: COMPRESSION,
    find: 'image/svg+xml;',
    replace: 'image/svg+xml font/ttf;',
    turns: [claim('types')],
  },
  {
    name: 'admin answers are not compressed',
    base: 'documented',
    file: 'api/admin.conf',
    find: 'proxy_buffering on;',
    replace: 'proxy_buffering on;\n    gzip off;',
    turns: [claim('gzip-json')],
  },
  {
    name: 'files are not compressed',
    base: 'hardened',
    file: 'api/static.conf',
    find: 'expires 30d;',
    replace: 'expires 30d;\n    gzip off;',
    turns: [claim('gzip-json')],
  },
] satisfies Mutant[];
