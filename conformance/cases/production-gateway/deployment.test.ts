import { num, str, strings } from '../../../environments/ledger/values.ts';
import { absent } from '../../checks/absent.ts';
import { acceptsOwnConfig } from '../../checks/config-test.ts';
import { drainApi } from '../../checks/drain-api.ts';
import { judged, table } from '../../checks/exchange.ts';
import { editionSuffices } from '../../checks/plus-features.ts';
import { notApplicable } from '../../outcome.ts';
import { verify } from '../../verify.ts';

verify('production-gateway.deployment.drain-api', async (context) =>
  drainApi(context, strings(context.claim, 'paths')),
);

verify('production-gateway.deployment.config-loads', async (context) => {
  const { claim } = context;
  const [stock, all, version] = await Promise.all([
    acceptsOwnConfig(context.gateway, 'stock'),
    acceptsOwnConfig(context.gateway, 'all'),
    context.gateway.exec(['nginx', '-v']),
  ]);
  return judged(
    stock.accepted === (num(claim, 'exit_code') === 0),
    `nginx -t of a stock installation (${str(claim, 'nginx')}) accepts the configuration`,
    `with the modules of the package nginx alone: ${stock.said}; with every module and the user that it names: ${all.said}`,
    [
      table(
        `nginx -t of ${version.stderr.trim().replace(/^nginx version: /, '')}`,
        ['installation', 'said'],
        [
          ['stock', stock.said],
          ['with what the adaptations add', all.said],
        ],
      ),
    ],
    'a module that the configuration loads is not part of a stock installation',
  );
});

verify('production-gateway.deployment.oss-is-enough', async (context) => editionSuffices(context));

verify('production-gateway.deployment.minimal-backend-change', async () =>
  notApplicable(
    'existing services need only configuration changes',
    'the existing services are not part of the environment: an application of ours plays them, whose source says nothing about theirs',
  ),
);

verify('production-gateway.deployment.shadow-mode', async (context) => absent(context, ['Migration']));
