import { num, str, strings } from '../../../environments/ledger/values.ts';
import { trialEvidence, tryConfig } from '../../checks/config-trial.ts';
import { deliverOne, judged, outcomeOf, proof } from '../../checks/exchange.ts';
import {
  backendDocuments,
  backendEndpoints,
  documentMatches,
  isTimestamp,
  poolState,
  probesUnlogged,
} from '../../checks/health.ts';
import { jsonObject, madeLocally } from '../../checks/local-answers.ts';
import { marker } from '../../gateway.ts';
import { notApplicable } from '../../outcome.ts';
import { verify } from '../../verify.ts';

const NO_ACTIVE_CHECKS =
  'active checks belong to NGINX Plus; this variant has none whose configuration could be judged';

/** How far the timestamp may lie from the moment it was asked for, ms: nginx's clock has whole seconds. */
const CLOCK_TOLERANCE_MS = 3000;

/** The section's active check, cut to what decides whether it loads. */
const ACTIVE_CHECK = `events {}
http {
  match healthy { status 200; body ~ "healthy"; }
  upstream pool {
    zone pool 64k;
    server 127.0.0.1:3000;
    health_check interval=5s fails=2 passes=2 uri=/health match=healthy;
  }
  server { listen 127.0.0.1:8; location / { proxy_pass http://pool; } }
}
`;

verify('production-gateway.health.match-database', async (context) => {
  if (context.variant === 'hardened')
    return notApplicable('the pattern of an active check fits a healthy instance', NO_ACTIVE_CHECKS);
  return documentMatches(context, str(context.claim, 'regex_requires'));
});

verify('production-gateway.health.directive-context', async (context) => {
  const expected = `the documented active check loads: nginx -t exits with ${String(num(context.claim, 'nginx_t_exit'))}`;
  if (context.variant === 'hardened') return notApplicable(expected, NO_ACTIVE_CHECKS);
  const trial = await tryConfig(context.gateway, ACTIVE_CHECK);
  return judged(
    trial.accepted,
    expected,
    trial.accepted ? 'accepted' : trial.says.join(' '),
    trialEvidence('the active check by itself', ACTIVE_CHECK, trial),
    'match and health_check are directives of NGINX Plus, and health_check belongs into a location',
  );
});

verify('production-gateway.health.backend-document', async (context) =>
  backendDocuments(context, strings(context.claim, 'fields'), '/health'),
);

verify('production-gateway.health.backend-endpoint', async (context) => {
  const { claim } = context;
  return backendEndpoints(context, {
    path: str(claim, 'path'),
    status: num(claim, 'status'),
    ports: { admin: num(claim, 'ports', 'admin'), customer: num(claim, 'ports', 'customer') },
  });
});

verify('production-gateway.health.pool-status-up', async (context) => poolState(context));

verify('production-gateway.health.gateway-endpoint', async (context) => {
  const { claim } = context;
  const asked_ms = Date.now();
  // A backend that is asked with a path of the gateway's own making still gets the client's headers.
  const mark = marker('health');
  const one = await deliverOne(context, { client: context.client(), path: '/health', headers: { 'x-probe': mark } });
  const asked = await context.arrivals(mark);
  const body = jsonObject(one.seen);
  const timestamp = body?.['timestamp'];
  const drift_ms =
    typeof timestamp === 'string'
      ? Math.max(0, asked_ms - Date.parse(timestamp), Date.parse(timestamp) - Date.now())
      : Infinity;
  const fresh = isTimestamp(timestamp) && drift_ms <= CLOCK_TOLERANCE_MS;
  return judged(
    one.seen.status === num(claim, 'status') &&
      body?.['status'] === str(claim, 'body_status') &&
      fresh &&
      madeLocally(one) &&
      asked.length === 0,
    `${String(num(claim, 'status'))}, status ${str(claim, 'body_status')}, timestamp in ${str(claim, 'timestamp')}, no backend asked`,
    `${outcomeOf(one.seen)}, status ${String(body?.['status'])}, timestamp ${String(timestamp)}${fresh ? '' : ' (not now)'}, ${String(asked.length)} backend requests`,
    [proof(one)],
  );
});

verify('production-gateway.health.plain-http-probe', async (context) => {
  const status = num(context.claim, 'status');
  const one = await deliverOne(context, { client: context.client(), path: '/health', plain: true });
  return judged(
    one.seen.status === status,
    `${String(status)} for /health on port ${String(num(context.claim, 'port'))}`,
    outcomeOf(one.seen),
    [proof(one)],
    'everything on port 80 is redirected to HTTPS, so that a probe that follows no redirect learns nothing about the gateway',
  );
});

verify('production-gateway.health.probe-noise-excluded', async (context) =>
  probesUnlogged(context, num(context.claim, 'lines')),
);
