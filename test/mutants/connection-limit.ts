import type { Mutant } from './mutant.ts';

const claim = (slug: string): string => `production-gateway.connection-limit.${slug}`;

export default [
  {
    name: 'eleven requests at a time',
    base: 'documented',
    file: 'api/limits.conf',
    find: 'limit_conn addr 10;',
    replace: 'limit_conn addr 11;',
    turns: ['per-ip-10', 'websocket-slots'].map(claim),
  },
  {
    name: 'requests of all clients share ten places',
    base: 'documented',
    file: 'http/limit-zones.conf',
    find: '$binary_remote_addr zone=addr:10m',
    replace: '$server_name zone=addr:10m',
    turns: ['per-ip-10'].map(claim),
  },
  {
    name: 'too many at a time refused with 429',
    base: 'documented',
    file: 'api/limits.conf',
    find: 'limit_conn addr 10;',
    replace: 'limit_conn addr 10;\nlimit_conn_status 429;',
    turns: ['per-ip-10'].map(claim),
  },
  {
    name: 'no limit of the whole server',
    base: 'documented',
    file: 'api/limits.conf',
    find: 'limit_conn perserver 1000;',
    replace: '',
    turns: ['names', 'websocket-slots'].map(claim),
  },
  {
    name: 'WebSocket sessions do not count for their address',
    base: 'hardened',
    file: 'api/websocket.conf',
    find: 'location = /ws {',
    replace: 'location = /ws {\n    limit_conn perserver 1000;',
    turns: ['websocket-slots'].map(claim),
  },
  {
    name: 'ten requests at a time for each program of a client',
    base: 'documented',
    file: 'http/limit-zones.conf',
    find: '$binary_remote_addr zone=addr:10m',
    replace: '$binary_remote_addr$http_user_agent zone=addr:10m',
    turns: ['per-ip-10'].map(claim),
  },
  {
    name: 'ten requests at a time for each target',
    base: 'hardened',
    file: 'http/limit-zones.conf',
    find: '$binary_remote_addr zone=addr:10m',
    replace: '$binary_remote_addr$request_uri zone=addr:10m',
    turns: ['per-ip-10'].map(claim),
  },
  {
    name: 'more at a time on the admin API',
    base: 'documented',
    file: 'api/admin.conf',
    find: 'limit_req_status 429;',
    replace: 'limit_req_status 429;\n    limit_conn addr 100;',
    turns: ['per-ip-10'].map(claim),
  },
  {
    name: 'sessions beyond the limit refused with 429',
    base: 'documented',
    file: 'api/websocket.conf',
    find: 'location /ws {',
    replace: 'location /ws {\n    limit_conn_status 429;',
    turns: ['websocket-slots'].map(claim),
  },
] satisfies Mutant[];
