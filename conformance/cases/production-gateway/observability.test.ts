import { num, numbers, str, strings } from '../../../environments/ledger/values.ts';
import { absent } from '../../checks/absent.ts';
import { cluster, judgeCounters } from '../../checks/cluster-workers.ts';
import { exporterReads, gatewayMetrics } from '../../checks/exporter.ts';
import { countsBusiness, publishes, statusPage } from '../../checks/metrics.ts';
import { judgeEndpoints, scrape } from '../../checks/metric-text.ts';
import {
  judgeCoverage,
  judgeIntervals,
  nodes,
  pulled,
  retention,
  ruleGroups,
  targets,
} from '../../checks/prometheus.ts';
import { notApplicable } from '../../outcome.ts';
import { verify, verifyLong } from '../../verify.ts';

verify('production-gateway.observability.stub-status', async (context) =>
  statusPage(context, strings(context.claim, 'fields')),
);

verify('production-gateway.observability.stack', async (context) =>
  absent(
    context,
    strings(context.claim, 'components').filter((name) => name !== 'Prometheus'),
  ),
);

verify('production-gateway.observability.scrape-interval', async (context) => {
  const { claim } = context;
  const promised = { scrape_s: num(claim, 'scrape_s'), evaluation_s: num(claim, 'evaluation_s') };
  return judgeIntervals(promised, await targets(context), await ruleGroups(context));
});

verify('production-gateway.observability.target-coverage', async (context) =>
  judgeCoverage(await nodes(context), await targets(context)),
);

verify('production-gateway.observability.backend-metrics-endpoint', async (context) => {
  const urls = (await targets(context)).filter(({ job }) => job.endsWith('-backend')).map(({ url }) => url);
  const served = numbers(context.claim, 'service_ports').map(
    (port, index) => `http://${index === 0 ? 'admin' : 'customer'}-1:${String(port)}${str(context.claim, 'path')}`,
  );
  const [answers, own] = await Promise.all([scrape(context, urls), scrape(context, served)]);
  return judgeEndpoints(answers, own.map(({ url, status }) => `${url} answers ${String(status)}`).join(', '));
});

verify('production-gateway.observability.exporter-reaches-stub-status', async (context) =>
  exporterReads(context, num(context.claim, 'nginx_up')),
);

verify('production-gateway.observability.gateway-metrics', async (context) =>
  gatewayMetrics(context, [...strings(context.claim, 'exist'), ...strings(context.claim, 'missing')]),
);

verify('production-gateway.observability.backend-metrics', async (context) =>
  publishes(context, strings(context.claim, 'names')),
);

verifyLong('production-gateway.observability.cluster-mode-metrics', async (context) =>
  judgeCounters(await cluster(context, num(context.claim, 'workers'))),
);

verify('production-gateway.observability.business-metrics', async (context) =>
  countsBusiness(context, strings(context.claim, 'names')),
);

verify('production-gateway.observability.system-metrics', async (context) =>
  notApplicable(
    `${strings(context.claim, 'names').join(', ')} of each host, from port ${String(num(context.claim, 'port'))}`,
    'the hosts of the document are containers of one machine here; a node exporter in each of them would report that machine',
  ),
);

verify('production-gateway.observability.retention', async (context) => retention(context));

verify('production-gateway.observability.dashboard-gateway', async (context) => absent(context, ['Grafana']));

verify('production-gateway.observability.dashboard-infrastructure', async (context) => absent(context, ['Grafana']));

verify('production-gateway.observability.dashboard-backend-business', async (context) => absent(context, ['Grafana']));

verify('production-gateway.observability.pull-model', async (context) => pulled(context));
