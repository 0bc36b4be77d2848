import type { ConfigEdit } from '../../environments/harness/types.ts';
import { beforeCustomerPool, inTurnEdits, withLocations } from './snippet.ts';
import { ADMIN_POOL, CUSTOMER_POOL } from './upstream-block.ts';

/** The two locations of the document's section on authentication, directive by directive. */
const LOCATIONS = {
  '/api/v1/admin/': `    if ($http_x_admin_token = "") {
        return 401 '{}';
    }
    allow 10.0.0.0/8;
    allow 203.0.113.0/24;
    deny all;
    auth_request /auth/admin/validate;
    auth_request_set $auth_user $upstream_http_x_auth_user;
    auth_request_set $auth_role $upstream_http_x_auth_role;
    proxy_set_header X-Auth-User $auth_user;
    proxy_set_header X-Auth-Role $auth_role;
    limit_req zone=admin burst=10 nodelay;
    proxy_read_timeout 120s;
    proxy_pass http://${ADMIN_POOL};`,
  '/api/v1/': `    auth_request /auth/validate;
    auth_request_set $auth_user $upstream_http_x_auth_user;
    limit_req zone=api burst=30 nodelay;
    proxy_set_header X-Auth-User $auth_user;
    proxy_pass http://${CUSTOMER_POOL};
}

location = /auth/validate {
    internal;
    proxy_pass http://auth_service/validate;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
}

location = /auth/admin/validate {
    internal;
    proxy_pass http://auth_service/validate/admin;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";`,
} as const;

/** Puts the section on authentication in force, with the service that it asks and does not define. */
export const AUTHENTICATION_SECTION: ConfigEdit = inTurnEdits(
  withLocations(LOCATIONS),
  beforeCustomerPool('upstream auth_service {\n    server auth-1:3100;\n}\n'),
);
