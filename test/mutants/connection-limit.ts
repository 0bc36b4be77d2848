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
] satisfies Mutant[];
