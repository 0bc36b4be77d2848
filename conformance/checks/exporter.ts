import type { CaseContext } from '../context.ts';
import type { Gateway } from '../gateway.ts';
import { notApplicable } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { judged, table } from './exchange.ts';
import { judgeNames, scrape, total } from './metric-text.ts';
import { targets } from './prometheus.ts';

/** The exporter's own default address, and the status page at loopback over HTTPS. */
const PAGES = ['http://127.0.0.1:8080/stub_status', 'https://127.0.0.1/nginx_status'] as const;

/** Loopback ports for trials: nothing listens below the exporter's documented one. */
const PORT = 19_113;

/** What the exporter published when it read one page. */
export interface Exported {
  readonly page: string;
  readonly text: string;
}

/** Runs the exporter beside nginx for a moment, once for each page; undefined when the image has none. */
export async function exporterTexts(gateway: Gateway): Promise<Exported[] | undefined> {
  const { exitCode } = await gateway.exec(['sh', '-c', 'command -v prometheus-nginx-exporter']);
  if (exitCode !== 0) return undefined;
  return Promise.all(
    PAGES.map(async (page, index) => {
      // Concurrent cases may run it as well: the port carries the number of this shell.
      const script =
        `port=$((${String(PORT)} + $$ % 20000 + ${String(index)} * 20000)); prometheus-nginx-exporter --web.listen-address=127.0.0.1:$port ` +
        '--nginx.scrape-uri="$1" --no-nginx.ssl-verify >/dev/null 2>&1 & ' +
        'trap "kill $!" EXIT; i=0; while [ $i -lt 200 ]; do curl -sf http://127.0.0.1:$port/metrics && exit 0; i=$((i + 1)); sleep 0.05; done; exit 1';
      const { stdout, exitCode: code } = await gateway.exec(['sh', '-c', script, 'sh', page]);
      if (code !== 0) throw new Error(`the exporter did not answer within its time (${page})`);
      return { page, text: stdout };
    }),
  );
}

const NO_EXPORTER = 'the gateway image has no nginx exporter';

/** Judges that the exporter, beside nginx, reads the connection statistics from one of the pages. */
export function judgeExporter(up: number, exported: readonly Exported[]): Outcome {
  const values = exported.map(({ page, text }) => [page, total(text, 'nginx_up') ?? 'absent'] as const);
  return judged(
    values.some(([, value]) => value === up),
    `nginx_up ${String(up)} from an exporter beside nginx`,
    values.map(([page, value]) => `${page}: nginx_up ${String(value)}`).join('; '),
    [table('the exporter beside nginx', ['page', 'nginx_up'], values)],
    'the status page is on the HTTPS host alone and refuses loopback; nothing listens at the exporter’s default address',
  );
}

/** Runs the exporter beside nginx. */
export async function exporterReads(context: CaseContext, up: number): Promise<Outcome> {
  const exported = await exporterTexts(context.gateway);
  return exported ? judgeExporter(up, exported) : notApplicable(`nginx_up ${String(up)}`, NO_EXPORTER);
}

/** Everything that a gateway publishes: at the addresses that Prometheus scrapes, and through an exporter beside it. */
export async function gatewayMetrics(context: CaseContext, names: readonly string[]): Promise<Outcome> {
  const gateways = new Set(
    context.session.topology.services.filter(({ role }) => role === 'gateway').map(({ name }) => name),
  );
  const urls = (await targets(context)).filter(({ host }) => gateways.has(host)).map(({ url }) => url);
  const [answers, exported] = await Promise.all([scrape(context, urls), exporterTexts(context.gateway)]);
  return judgeNames(
    names,
    [
      ...answers.filter(({ status }) => status === 200).map(({ url, text }) => ({ from: url, text })),
      ...(exported ?? []).map(({ page, text }) => ({ from: `exporter on ${page}`, text })),
    ],
    'stub_status has no durations and nothing about upstreams, and the exporter cannot read it',
  );
}
