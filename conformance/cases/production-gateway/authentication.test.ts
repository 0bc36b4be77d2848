import { bool, num, numbers, str, strings } from '../../../environments/ledger/values.ts';
import { access } from '../../checks/access.ts';
import {
  authRequest,
  identityForwarded,
  originalRequest,
  sessionCookies,
  tokensValidated,
} from '../../checks/authentication.ts';
import { trialEvidence, tryConfig, tryRunning } from '../../checks/config-trial.ts';
import { judged } from '../../checks/exchange.ts';
import { notApplicable } from '../../outcome.ts';
import { verify } from '../../verify.ts';

/** The section on authentication, cut to what decides whether it loads; it names a service that it does not define. */
const SECTION = `events {}
http {
  server {
    listen 127.0.0.1:8;
    location /api/v1/ { auth_request /auth/validate; return 204; }
    location = /auth/validate {
      internal;
      proxy_pass http://auth_service/validate;
      proxy_pass_request_body off;
    }
  }
}
`;

verify('production-gateway.authentication.admin-auth-request', async (context) =>
  authRequest(context, '/api/v1/admin/x', numbers(context.claim, 'statuses')),
);

verify('production-gateway.authentication.customer-auth-request', async (context) =>
  authRequest(context, '/api/v1/x', numbers(context.claim, 'statuses'), [
    '/api/v1/stream/x',
    '/api/v1/exports/x',
    '/api/v1/uploads/x',
  ]),
);

verify('production-gateway.authentication.config-loads', async (context) => {
  const { gateway } = context;
  const exit = num(context.claim, 'nginx_t_exit');
  const expected = `the authentication section loads: nginx -t exits with ${String(exit)}`;
  const config = await gateway.config();
  const lines = config
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^auth_request\s|^upstream\s+auth_service\b/.test(line));
  const inForce = lines.some((line) => line.startsWith('auth_request'));
  const trial = inForce ? await tryRunning(gateway) : await tryConfig(gateway, SECTION);
  const evidence = inForce
    ? trialEvidence('nginx -T: the section in force', [...new Set(lines)].join('\n'), trial)
    : trialEvidence('the section by itself', SECTION, trial);
  return judged(
    trial.accepted,
    expected,
    `${inForce ? 'in force' : 'not in force; tried by itself'}: ${trial.accepted ? 'accepted' : trial.says.join(' ')}`,
    evidence,
    'the section passes questions to auth_service, which nothing defines; an unknown name keeps nginx from starting',
  );
});

verify('production-gateway.authentication.identity-forwarded', async (context) =>
  identityForwarded(context, strings(context.claim, 'headers')),
);

verify('production-gateway.authentication.original-request-info', async (context) =>
  originalRequest(context, strings(context.claim, 'headers')),
);

verify('production-gateway.authentication.jwt-at-gateway', async (context) => tokensValidated(context));

verify('production-gateway.authentication.api-key-oauth-mfa', async () =>
  notApplicable(
    'API keys, OpenID Connect and multi-factor authentication in the authentication layer',
    'the topology has no identity service that offers them; the document configures none',
  ),
);

verify('production-gateway.authentication.admin-token-at-gateway', async (context) => {
  const { claim } = context;
  const [status, header] = [num(claim, 'status'), str(claim, 'header')];
  return access(
    context,
    `${String(status)} for admin requests without ${header}, no backend asked`,
    ['GET', 'POST'].map((method) => ({
      who: `${method} without token`,
      client: context.client('operators'),
      path: '/api/v1/admin/x',
      method,
      headers: { [header.toLowerCase()]: null },
      must: status,
    })),
    'no directive of the admin location looks at the header',
  );
});

verify('production-gateway.authentication.session-cookie-flags', async (context) => {
  const { claim } = context;
  return sessionCookies(context, {
    secure: bool(claim, 'secure'),
    httpOnly: bool(claim, 'httponly'),
    sameSite: str(claim, 'samesite'),
  });
});
