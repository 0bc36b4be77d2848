import { num, numbers, str, strings } from '../../../environments/ledger/values.ts';
import { access, judgeAdminList, officeClient } from '../../checks/access.ts';
import type { Attempt } from '../../checks/access.ts';
import { failedLoginsAreBanned, refusedAreBanned } from '../../checks/ban-causes.ts';
import { bindsInternally, metricsHidden } from '../../checks/backends.ts';
import { manualBlock } from '../../checks/blocklist.ts';
import { corsAllowlist } from '../../checks/cors.ts';
import { countryBlocked } from '../../checks/country.ts';
import { deliver, deliverOne, judged, outcomeOf, proof, table } from '../../checks/exchange.ts';
import { gatewayFirewall } from '../../checks/exposed-ports.ts';
import { healthPolled, monitoringPasses, servicePortsGuarded, shellGuarded } from '../../checks/host-firewall.ts';
import { contentTypeFault } from '../../checks/local-answers.ts';
import { statisticsGuarded } from '../../checks/statistics.ts';
import { floodHeldBack } from '../../checks/syn-limit.ts';
import { notApplicable, together } from '../../outcome.ts';
import { verify, verifyLong } from '../../verify.ts';

const ADMIN = '/api/v1/admin/x';
const NO_TOKEN = { 'x-admin-token': null };

verify('production-gateway.access-control.admin-token-required', async (context) => {
  const { claim } = context;
  const [status, header] = [num(claim, 'status'), str(claim, 'header').toLowerCase()];
  const attempts: Attempt[] = [
    {
      who: 'without token',
      client: context.client('operators'),
      path: ADMIN,
      headers: { [header]: null },
      must: status,
    },
    {
      who: 'with an empty token',
      client: context.client('operators'),
      path: ADMIN,
      headers: { [header]: '' },
      must: status,
    },
    {
      who: 'with a token',
      client: context.client('operators'),
      path: ADMIN,
      headers: { [header]: 'arbitrary' },
      must: 'passed on',
    },
  ];
  return access(
    context,
    `${String(status)} without ${str(claim, 'header')}, no backend asked`,
    attempts,
    'no directive of the admin location looks at the header',
  );
});

verify('production-gateway.access-control.admin-401-json', async (context) => {
  const type = str(context.claim, 'content_type');
  const one = await deliverOne(context, { client: context.client('operators'), path: ADMIN, headers: NO_TOKEN });
  const fault = one.seen.status === 401 ? contentTypeFault(one.seen, type, 1) : `${outcomeOf(one.seen)} instead of 401`;
  return judged(
    fault === undefined,
    `a 401 of type ${type} for a missing token`,
    fault ?? `401, ${type}`,
    [proof(one)],
    'the admin location asks for no token, so that there is no 401 to look at',
  );
});

verify('production-gateway.access-control.admin-allowlist', async (context) => {
  const { claim } = context;
  const status = num(claim, 'status');
  const office = officeClient(context);
  const attempts: Attempt[] = [
    { who: 'operator in 10.0.0.0/8', client: context.client('operators'), path: ADMIN, must: 'served' },
    ...(office ? [{ who: 'office in 203.0.113.0/24', client: office, path: ADMIN, must: 'served' as const }] : []),
    { who: 'anybody else', client: context.client(), path: ADMIN, must: status },
    {
      who: 'anybody else, claiming an operator’s address',
      client: context.client(),
      path: ADMIN,
      headers: { 'x-forwarded-for': '10.1.2.3', 'x-real-ip': '10.1.2.3' },
      must: status,
    },
  ];
  return together([
    judgeAdminList(strings(claim, 'allow'), await context.gateway.config()),
    await access(
      context,
      `served from ${strings(claim, 'allow').join(' and ')}, ${String(status)} for others, no backend asked`,
      attempts,
      'allow and deny are commented out in the admin location',
    ),
  ]);
});

verify('production-gateway.access-control.check-order', async (context) =>
  access(
    context,
    'an address that is not allowed gets 403 with and without a token',
    [
      { who: 'not allowed, without token', client: context.client(), path: ADMIN, headers: NO_TOKEN, must: 403 },
      { who: 'not allowed, with token', client: context.client(), path: ADMIN, must: 403 },
    ],
    'neither address nor token is looked at; were both as documented, `if` would answer before allow and deny',
  ),
);

verify('production-gateway.access-control.internal-auth-endpoints', async (context) => {
  const status = num(context.claim, 'status');
  const paths = ['/auth/validate', '/auth/admin/validate'];
  const delivered = await deliver(
    context,
    paths.flatMap((path) => [
      { client: context.client(), path },
      {
        client: context.client('operators'),
        path,
        headers: { authorization: 'Bearer valid:outsider:user', 'x-admin-token': 'operator' },
      },
    ]),
  );
  const wrong = delivered.filter(
    ({ seen, questions, arrivals }) => seen.status !== status || questions.length + arrivals.length > 0,
  );
  return judged(
    wrong.length === 0,
    `${String(status)} for ${paths.join(' and ')}, and no question at the authentication service`,
    wrong.length === 0
      ? `${String(status)} for both, from everywhere`
      : wrong
          .map(
            ({ probe, seen, questions }) => `${probe.path}: ${outcomeOf(seen)}, ${String(questions.length)} questions`,
          )
          .join('; '),
    [
      table(
        'asked from outside',
        ['path', 'from', 'status', 'questions'],
        delivered.map(({ probe, seen, questions }) => [
          probe.path,
          probe.client.client.block,
          outcomeOf(seen),
          questions.length,
        ]),
      ),
      proof(wrong[0] ?? delivered[0]!),
    ],
  );
});

verify('production-gateway.access-control.ip-blacklist-manual', async (context) => {
  // How long a block lasts stands in the description of the check: "lifted after 1 h".
  const hours = Number(/lifted after (\d+) h/.exec(context.claim.check)?.[1]);
  return manualBlock(context, hours * 3600);
});

verify('production-gateway.access-control.firewall', async (context) =>
  gatewayFirewall(context, numbers(context.claim, 'open')),
);

verify('production-gateway.access-control.geo-block', async (context) =>
  countryBlocked(context, 'a client of a blocked country is refused by the gateway, others are served'),
);

verify('production-gateway.access-control.geoip', async (context) =>
  countryBlocked(context, 'requests are filtered by the country of their address'),
);

verify('production-gateway.access-control.secrets', async () =>
  notApplicable(
    'secrets are kept in a secret manager, not in configuration files',
    'the topology has no secret manager; its credentials are made for one run',
  ),
);

verify('production-gateway.access-control.stub-status', async (context) => {
  const { claim } = context;
  return statisticsGuarded(context, {
    path: str(claim, 'path'),
    allow: strings(claim, 'allow'),
    status: num(claim, 'status'),
  });
});

verifyLong('production-gateway.access-control.backend-ports-gateway-only', async (context) =>
  servicePortsGuarded(context, numbers(context.claim, 'ports'), strings(context.claim, 'allowed')),
);

verifyLong('production-gateway.access-control.ssh-internal-only', async (context) =>
  shellGuarded(context, num(context.claim, 'port')),
);

verifyLong('production-gateway.access-control.monitoring-through-firewall', async (context) =>
  monitoringPasses(context, numbers(context.claim, 'ports')),
);

verifyLong('production-gateway.access-control.deploy-health-poll', async (context) =>
  healthPolled(context, numbers(context.claim, 'ports')),
);

verifyLong('production-gateway.access-control.syn-flood', (context) => floodHeldBack(context));

verifyLong('production-gateway.access-control.fail2ban', (context) => {
  const { claim } = context;
  return refusedAreBanned(context, {
    what: 'refusals by rate',
    maxretry: num(claim, 'maxretry'),
    findtime_s: num(claim, 'findtime_s'),
    bantime_s: num(claim, 'bantime_s'),
    // How soon stands in the description of the check: "within 5 s TCP … is rejected".
    within_s: Number(/within (\d+) s TCP/.exec(claim.check)?.[1]),
  });
});

verifyLong('production-gateway.access-control.ip-blacklist-auto', (context) => {
  const { claim } = context;
  // How many, too: "Send 50 requests with bad credentials".
  const attempts = Number(/Send (\d+) requests/.exec(claim.check)?.[1]);
  return failedLoginsAreBanned(
    context,
    { what: 'failed authentications', bantime_s: num(claim, 'duration_s') },
    attempts,
  );
});

verify('production-gateway.access-control.backend-bind-internal', async (context) => bindsInternally(context));

verify('production-gateway.access-control.metrics-protected', async (context) =>
  metricsHidden(context, str(context.claim, 'path')),
);

verify('production-gateway.access-control.cors-allowlist', async (context) =>
  corsAllowlist(context, strings(context.claim, 'allowed'), str(context.claim, 'fallback_extra')),
);
