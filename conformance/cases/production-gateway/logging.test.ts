import { str, strings } from '../../../environments/ledger/values.ts';
import {
  HOSTILE,
  ORDINARY,
  PROBES,
  joined,
  judgeAllLogged,
  judgeJoined,
  judgeJsonLines,
  loggedRequests,
} from '../../checks/logged-requests.ts';
import { judgePrivacy, personalData } from '../../checks/log-privacy.ts';
import {
  backendEntries,
  errorLevels,
  firstFailureCounts,
  judgeBackendLevels,
  judgeErrorLevels,
  judgeFields,
  judgeRetries,
  retried,
} from '../../checks/log-contents.ts';
import { judgeLog } from '../../checks/rate-limit-answer.ts';
import { MANY, floods } from '../../checks/rate-limit-flood.ts';
import { judge, notApplicable, together } from '../../outcome.ts';
import { verify } from '../../verify.ts';

const NO_LOKI = 'Loki and Promtail are not part of the environment';

verify('production-gateway.logging.access-all', async (context) =>
  judgeAllLogged(await loggedRequests(context, [...ORDINARY, ...PROBES]), 'access_log is off where probes ask'),
);

verify('production-gateway.logging.access-log-json', async (context) => {
  const { claim } = context;
  return judgeJsonLines(
    await loggedRequests(context, [...ORDINARY, ...HOSTILE]),
    strings(claim, 'fields'),
    strings(claim, 'numeric'),
  );
});

verify('production-gateway.logging.pii-masking', async (context) => judgePrivacy(await personalData(context, true)));
verify('production-gateway.logging.pii-masked', async (context) => judgePrivacy(await personalData(context, false)));

/** One route of each limit by address. */
const LIMITED = ['/api/v1/admin/ping', '/api/v1/ping', '/static/app.js'];

verify('production-gateway.logging.rate-limit-events', async (context) => {
  const routes = LIMITED.map((path) => ({ path, client: context.clientFor(path) }));
  const flooded = await floods(
    context.session.vantage,
    routes.map(({ path, client }) => ({ clients: [client], path, count: MANY })),
  );
  const parts = routes.map(async ({ client: { address } }, index) => {
    const lines = await context.gateway.errorLog(`client: ${address},`);
    const promised = { level: str(context.claim, 'level'), linesPerRefusal: 1 };
    return judgeLog(promised, flooded[index] ?? { steps: [], observations: [] }, lines, address);
  });
  return together(await Promise.all(parts));
});

verify('production-gateway.logging.request-id-correlation', async (context) => {
  const header = str(context.claim, 'header');
  const asked = { count: 12, header, field: str(context.claim, 'field_gateway'), socket: true };
  return judgeJoined(await joined(context, asked), header);
});

verify('production-gateway.logging.retry-visibility', async (context) => {
  const { gateway, instances } = await context.replica({ backends: 'shared' });
  return judgeRetries({ ...(await retried(context, gateway)), instances }, str(context.claim, 'separator'));
});

verify('production-gateway.logging.error-log-level', async (context) => {
  const { gateway } = await context.replica({ backends: 'shared', edit: firstFailureCounts });
  return judgeErrorLevels(str(context.claim, 'level'), await errorLevels(context, gateway));
});

verify('production-gateway.logging.structured-format', async (context) => {
  // The names stand in the statement: timestamp, level, service and so on.
  const fields = (/\(([^)]*)\)/.exec(context.claim.statement)?.[1] ?? '').split(',').map((name) => name.trim());
  const { gateway, backend } = await backendEntries(context, 1);
  return judgeFields(fields, [
    { service: 'gateway', lines: gateway },
    { service: 'backend', lines: backend },
  ]);
});

verify('production-gateway.logging.backend-json-info', async (context) => {
  const { backend } = await backendEntries(context, 40);
  return judgeBackendLevels(str(context.claim, 'level'), backend);
});

verify('production-gateway.logging.app-log-files', async (context) => {
  const path = str(context.claim, 'path');
  const { instance } = await backendEntries(context, 10);
  const { stdout } = await context.exec(instance, ['sh', '-c', `ls -l ${path} 2>/dev/null`]);
  const files = stdout.split('\n').filter((line) => /\s[1-9]\d*\s.*\/\S+\.log$/.test(line));
  return judge(
    files.length > 0,
    `a backend that has answered requests has files at ${path}`,
    files.length > 0 ? `${instance}: ${String(files.length)} files` : `${instance}: none`,
    [{ kind: 'log', title: `ls -l ${path}`, lines: files.length > 0 ? files.slice(0, 5) : ['no such file'] }],
    files.length > 0
      ? undefined
      : 'the documented variables set format and level of the log, and no file: lines go to standard output',
  );
});

verify('production-gateway.logging.security-audit', async () =>
  notApplicable('security events found in Loki', NO_LOKI),
);
verify('production-gateway.logging.promtail-ships', async () =>
  notApplicable('gateway and application logs found in Loki', NO_LOKI),
);
verify('production-gateway.logging.stream-labels', async () =>
  notApplicable('streams of Loki told apart by labels', NO_LOKI),
);
verify('production-gateway.logging.event-time', async () =>
  notApplicable('entries in Loki have the time of the request', NO_LOKI),
);
verify('production-gateway.logging.no-duplicates-after-reboot', async () =>
  notApplicable('a hundred lines are in Loki once each after a restart of the shipper', NO_LOKI),
);
