import type { Mutant } from './mutant.ts';

const claim = (slug: string): string => `production-gateway.tls.${slug}`;
const TLS = 'api/tls.conf';

export default [
  {
    name: 'TLS 1.3 alone',
    base: 'documented',
    file: TLS,
    find: 'ssl_protocols TLSv1.2 TLSv1.3;',
    replace: 'ssl_protocols TLSv1.3;',
    turns: ['min-version-1.2', 'min-version-1-2'].map(claim),
  },
  {
    name: 'no TLS 1.3',
    base: 'documented',
    file: TLS,
    find: 'ssl_protocols TLSv1.2 TLSv1.3;',
    replace: 'ssl_protocols TLSv1.2;',
    turns: ['tls13-negotiated', 'min-version-1.2'].map(claim),
  },
  {
    name: 'a suite without forward secrecy',
    base: 'documented',
    file: TLS,
    find: ':ECDHE-RSA-AES128-GCM-SHA256',
    replace: ':ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA',
    turns: ['modern-ciphers', 'tls12-cipher-allowlist'].map(claim),
  },
  {
    name: 'session tickets',
    base: 'documented',
    file: TLS,
    find: 'ssl_session_tickets off;',
    replace: 'ssl_session_tickets on;',
    turns: [claim('session-tickets-off')],
  },
  {
    name: 'no session cache',
    base: 'documented',
    file: TLS,
    find: 'ssl_session_cache shared:SSL:50m;',
    replace: 'ssl_session_cache off;',
    turns: [claim('session-cache-resumption')],
  },
  {
    name: 'no OCSP stapling',
    base: 'documented',
    file: TLS,
    find: 'ssl_stapling on;',
    replace: 'ssl_stapling off;',
    turns: [claim('ocsp-stapling')],
  },
  {
    name: 'redirects to whatever host was asked for',
    base: 'documented',
    file: 'sites-enabled/redirect.conf',
    find: 'https://$server_name$request_uri',
    replace: 'https://$host$request_uri',
    turns: ['redirect-fixed-host', 'http-redirect'].map(claim),
  },
  {
    name: 'no HTTP/2',
    base: 'documented',
    file: 'sites-enabled/api.conf',
    find: '443 ssl http2;',
    replace: '443 ssl;',
    turns: ['http2', 'http2-alpn'].map(claim),
  },
] satisfies Mutant[];
