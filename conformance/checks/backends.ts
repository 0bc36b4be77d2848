import { exec } from '../../environments/harness/containers.ts';
import type { CaseContext } from '../context.ts';
import { notApplicable } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { bodyText } from '../clients/observe.ts';
import { deliver, judged, listed, outcomeOf, table } from './exchange.ts';
import { publicListeners, upstreamHosts } from './exposed-ports.ts';
import { inspectorAddress } from './instance-counts.ts';

/** A backend instance as the gateway knows it. */
export interface Backend {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** Backends of both pools, by the gateway's own hosts file: also in a replica with backends of its own. */
export async function backendsOf(context: CaseContext): Promise<Backend[]> {
  return upstreamHosts((await context.gateway.exec(['cat', '/etc/hosts'])).stdout);
}

/** An answer that was fetched without the gateway. */
export interface DirectAnswer {
  readonly status: number;
  readonly body: string;
}

/** Fetches a path of one backend from inside the backend network. */
export async function fetchDirectly(
  context: CaseContext,
  { address, port }: Backend,
  path: string,
): Promise<DirectAnswer> {
  const { observations } = await context.session.inspector.schedule([
    {
      kind: 'http',
      id: 'direct',
      at_ms: 0,
      from: inspectorAddress(context),
      target: { address, port },
      protocol: 'http/1.1',
      request: {
        method: 'GET',
        path,
        headers: [
          ['Host', `${address}:${String(port)}`],
          ['Connection', 'close'],
        ],
      },
      keepBody: 1024 ** 2,
      timeout_ms: 5_000,
    },
  ]);
  const seen = observations.find((one) => one.kind === 'http');
  return { status: seen?.status ?? 0, body: seen ? bodyText(seen) : '' };
}

/** Each instance must listen on its own internal address, and nowhere else. */
export async function bindsInternally(context: CaseContext): Promise<Outcome> {
  const expected = 'every backend instance listens on its internal address only';
  const all = context.session.topology.services.filter(({ role }) => role === 'app');
  const apps = all.filter(({ name }) => !name.startsWith('auth'));
  if (apps.length === 0) return notApplicable(expected, 'this topology has no backend instances of their own');
  const rows = await Promise.all(
    apps.map(async ({ name, containerId, addresses }) => {
      const { stdout } = await exec(containerId, ['ss', '-Hltn']);
      // One container may play several instances, each on an address of its own.
      const together = all
        .filter((other) => other.containerId === containerId)
        .map((other) => other.addresses['backend'] ?? '');
      const own = addresses['backend'] ?? '';
      return {
        name,
        own,
        listeners: publicListeners(stdout).filter(({ address }) => address === own || !together.includes(address)),
      };
    }),
  );
  const faults = rows.flatMap(({ name, own, listeners }) => {
    if (listeners.length === 0) return [`${name} does not listen`];
    return listeners
      .filter(({ address }) => address !== own)
      .map(({ address, port }) => `${name} listens on ${address}:${String(port)}`);
  });
  return judged(
    faults.length === 0,
    expected,
    faults.length === 0 ? `${String(rows.length)} instances, each on its own address alone` : listed(faults),
    [
      table(
        'listening sockets (ss)',
        ['instance', 'own address', 'listens on'],
        rows.map(({ name, own, listeners }) => [
          name,
          own,
          listeners.map(({ address, port }) => `${address}:${String(port)}`).join(', '),
        ]),
      ),
    ],
  );
}

/** Names of the metrics in a Prometheus text. */
export function metricNames(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\S+) /gm)].map((match) => match[1] ?? '');
}

/** Backends answer their metrics without credentials; none of them may be had through the gateway. */
export async function metricsHidden(context: CaseContext, path: string): Promise<Outcome> {
  const expected = `${path} of a backend needs no credentials, and cannot be had through the gateway`;
  const [backend] = await backendsOf(context);
  if (!backend) throw new Error('the gateway knows no backend');
  const direct = await fetchDirectly(context, backend, path);
  const names = metricNames(direct.body);
  const paths = [path, `/api/v1${path}`, `/api/v1/admin${path}`, `/api/v1/..${path}`, `/ws${path}`, `/ws/..${path}`];
  const delivered = await deliver(
    context,
    paths.flatMap((one) => [
      { client: context.client(), path: one },
      { client: context.client(), path: one, plain: true },
      { client: context.client('operators'), path: one, headers: { 'x-admin-token': 'operator' } },
    ]),
  );
  const leaks = delivered.filter(({ seen }) => names.some((name) => bodyText(seen).includes(name)));
  return judged(
    direct.status === 200 && names.length > 0 && leaks.length === 0,
    expected,
    `directly ${String(direct.status)} with ${String(names.length)} metrics; through the gateway ` +
      (leaks.length === 0 ? `none on ${paths.join(', ')}` : `on ${listed(leaks.map(({ probe }) => probe.path))}`),
    [
      table(
        'metrics through the gateway',
        ['path', 'from', 'status', 'backend metrics'],
        delivered.map((one) => [
          `${one.probe.path}${one.probe.plain ? ' on port 80' : ''}`,
          one.probe.client.client.block,
          outcomeOf(one.seen),
          leaks.includes(one) ? 'yes' : 'none',
        ]),
      ),
    ],
  );
}
