import type { Mutant } from './mutant.ts';

const claim = (slug: string): string => `production-gateway.logging.${slug}`;
const FORMAT = 'http/logging.conf';

export default [
  {
    name: 'queries are logged as they came',
    base: 'hardened',
    file: FORMAT,
    find: '"uri":"$log_uri"',
    replace: '"uri":"$request_uri"',
    turns: ['pii-masking', 'pii-masked'].map(claim),
  },
  {
    name: 'the whole Referer is logged',
    base: 'hardened',
    file: FORMAT,
    find: '"http_referer":"$log_referer"',
    replace: '"http_referer":"$http_referer"',
    turns: ['pii-masking', 'access-log-json'].map(claim),
  },
  {
    name: 'a status in quotation marks',
    base: 'hardened',
    file: FORMAT,
    find: '"status":$status',
    replace: '"status":"$status"',
    turns: [claim('access-log-json')],
  },
  {
    name: 'backends get another id than the log',
    base: 'hardened',
    file: 'api/forwarded-headers.conf',
    find: 'X-Request-ID $request_uuid;',
    replace: 'X-Request-ID $request_id;',
    turns: [claim('request-id-correlation')],
  },
  {
    name: 'refusals are logged as information',
    base: 'documented',
    file: 'api/admin.conf',
    find: 'limit_req_status 429;',
    replace: 'limit_req_status 429;\n    limit_req_log_level info;',
    turns: [claim('rate-limit-events')],
  },
  {
    name: 'only the time of one attempt is logged',
    base: 'documented',
    file: FORMAT,
    find: '"upstream_response_time":"$upstream_response_time"',
    replace: '"upstream_response_time":"$request_time"',
    turns: [claim('retry-visibility')],
  },
  {
    name: 'the error log holds errors alone',
    base: 'documented',
    file: 'nginx.conf',
    find: 'error.log warn;',
    replace: 'error.log error;',
    turns: [claim('error-log-level')],
  },
  {
    name: 'the error log holds notices too',
    base: 'documented',
    file: 'nginx.conf',
    find: 'error.log warn;',
    replace: 'error.log notice;',
    turns: [claim('error-log-level')],
  },
] satisfies Mutant[];
