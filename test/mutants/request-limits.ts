import type { Mutant } from './mutant.ts';

const claim = (slug: string): string => `production-gateway.request-limits.${slug}`;
const LIMITS = 'http/request-limits.conf';

export default [
  {
    name: 'bodies of 11 MiB',
    base: 'documented',
    file: LIMITS,
    find: 'client_max_body_size 10m;',
    replace: 'client_max_body_size 11m;',
    turns: [claim('body-10mb')],
  },
  {
    name: 'bodies of one byte less than promised',
    base: 'documented',
    file: LIMITS,
    find: 'client_max_body_size 10m;',
    replace: 'client_max_body_size 10485759;',
    turns: [claim('body-10mb')],
  },
  {
    name: 'header lines of 16 KiB',
    base: 'documented',
    file: LIMITS,
    find: 'large_client_header_buffers 4 8k;',
    replace: 'large_client_header_buffers 4 16k;',
    turns: ['uri-8kb', 'header-size'].map(claim),
  },
  {
    name: 'six header buffers',
    base: 'documented',
    file: LIMITS,
    find: 'large_client_header_buffers 4 8k;',
    replace: 'large_client_header_buffers 6 8k;',
    turns: [claim('header-size')],
  },
  {
    name: 'bodies of 17 KB go to disk',
    base: 'documented',
    file: LIMITS,
    find: 'client_body_buffer_size 128k;',
    replace: 'client_body_buffer_size 16k;',
    turns: [claim('body-buffer')],
  },
  {
    name: 'malformed requests get the front page',
    base: 'documented',
    file: 'api/local.conf',
    find: 'location = / {',
    replace: 'error_page 400 =200 /;\nlocation = / {',
    turns: [claim('malformed')],
  },
  {
    name: 'response headers of 8 KiB',
    base: 'documented',
    file: 'api/customer.conf',
    find: 'proxy_buffer_size 4k;',
    replace: 'proxy_buffer_size 8k;',
    turns: [claim('response-header-4k')],
  },
  {
    name: 'uploads of 50 MiB',
    base: 'hardened',
    file: 'api/uploads.conf',
    find: 'client_max_body_size 100m;',
    replace: 'client_max_body_size 50m;',
    turns: [claim('upload-100mb')],
  },
] satisfies Mutant[];
