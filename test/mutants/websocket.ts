import type { Mutant } from './mutant.ts';

const id = (slug: string): string => `production-gateway.websocket.${slug}`;
const SOCKET = 'api/websocket.conf';

export default [
  {
    name: 'sockets: the upgrade is not passed on',
    base: 'documented',
    file: SOCKET,
    find: 'proxy_set_header Upgrade $http_upgrade;',
    replace: '',
    turns: [id('upgrade')],
  },
  {
    name: 'sockets: silent for a minute only',
    base: 'documented',
    file: SOCKET,
    find: 'proxy_read_timeout 3600s;',
    replace: 'proxy_read_timeout 60s;',
    turns: [id('idle-3600s')],
  },
  {
    name: 'sockets: every request on the route claims an upgrade',
    base: 'hardened',
    file: 'api/websocket-pool.conf',
    find: 'proxy_set_header Connection $connection_upgrade;',
    replace: 'proxy_set_header Connection "upgrade";',
    turns: [id('plain-get-on-ws')],
  },
  {
    name: 'sockets: no route for Socket.IO',
    base: 'hardened',
    file: SOCKET,
    find: 'location /socket.io/ {',
    replace: 'location /socket-io/ {',
    turns: [id('socketio-route')],
  },
  {
    name: 'sockets: the patience is left to nginx',
    base: 'documented',
    file: SOCKET,
    find: 'proxy_read_timeout 3600s;',
    replace: '',
    turns: [id('idle-3600s')],
  },
  {
    name: 'sockets: silent for 55 minutes only',
    base: 'hardened',
    file: 'api/websocket-pool.conf',
    find: 'proxy_read_timeout 3600s;',
    replace: 'proxy_read_timeout 3300s;',
    turns: [id('idle-3600s')],
  },
  {
    name: 'sockets: the backend is asked over HTTP/1.0',
    base: 'documented',
    file: SOCKET,
    find: 'proxy_http_version 1.1;',
    replace: '',
    turns: [id('upgrade')],
  },
] satisfies Mutant[];
