import type { Mutant } from './mutant.ts';

const id = (slug: string): string => `production-gateway.authentication.${slug}`;

export default [
  {
    name: 'admin requests without authentication',
    base: 'hardened',
    file: 'api/admin.conf',
    find: 'auth_request /auth/admin/validate;',
    replace: 'auth_request off;',
    turns: [id('admin-auth-request'), id('admin-token-at-gateway')],
  },
  {
    name: 'customer requests without authentication',
    base: 'hardened',
    file: 'api/customer-pool.conf',
    find: 'auth_request /auth/validate;',
    replace: 'auth_request off;',
    turns: [id('customer-auth-request'), id('jwt-at-gateway')],
  },
  {
    name: 'the client names its user',
    base: 'hardened',
    file: 'api/forwarded-headers.conf',
    find: 'proxy_set_header X-Auth-User $auth_user;',
    replace: '',
    turns: [id('identity-forwarded')],
  },
  {
    name: 'method kept from the authentication service',
    base: 'hardened',
    file: 'api/auth-request.conf',
    find: 'proxy_set_header X-Original-Method $request_method;',
    replace: '',
    turns: [id('original-request-info')],
  },
  {
    name: 'backends do not learn of TLS',
    base: 'documented',
    file: 'api/customer.conf',
    find: 'proxy_set_header X-Forwarded-Proto $scheme;',
    replace: 'proxy_set_header X-Forwarded-Proto http;',
    turns: [id('session-cookie-flags')],
  },
  {
    name: 'streams without authentication',
    base: 'hardened',
    file: 'api/stream-pool.conf',
    find: 'auth_request /auth/validate;',
    replace: 'auth_request off;',
    turns: [id('customer-auth-request')],
  },
  {
    name: 'the admin backend does not learn of TLS',
    base: 'documented',
    file: 'api/admin.conf',
    find: 'proxy_set_header X-Forwarded-Proto $scheme;',
    replace: '',
    turns: [id('session-cookie-flags')],
  },
] satisfies Mutant[];
