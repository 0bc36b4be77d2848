import { bodyText } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { officeClient } from './access.ts';
import { deliver, judged, listed, outcomeOf, proof, table } from './exchange.ts';
import { inspectorAddress } from './instance-counts.ts';
import { judgeNames, scrape, total } from './metric-text.ts';
import { CUSTOMER_POOL, pool } from './upstream-block.ts';

const STATUS_PAGE = '/nginx_status';
const REQUESTS = 5;

/** Numbers of a status page by name. */
export function statistics(text: string): ReadonlyMap<string, number> {
  const counters = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/m.exec(text);
  const named = [...text.matchAll(/\b(Active connections|Reading|Writing|Waiting):\s*(\d+)/g)].map(
    ([, name = '', value]) => [name.split(' ')[0]?.toLowerCase() ?? '', Number(value)] as const,
  );
  return new Map([
    ...named,
    ...['accepts', 'handled', 'requests'].flatMap((name, index) =>
      counters ? [[name, Number(counters[index + 1])] as const] : [],
    ),
  ]);
}

/** Judges the page for a client inside and one outside, and that requests in between were counted. */
export function judgeStatusPage(
  fields: readonly string[],
  first: ReadonlyMap<string, number>,
  second: ReadonlyMap<string, number>,
  sent: number,
  outside: readonly (number | null)[],
): Omit<Outcome, 'evidence'> {
  const missing = fields.filter((field) => !first.has(field) || !second.has(field));
  const grown = (second.get('requests') ?? 0) - (first.get('requests') ?? 0);
  const faults = [
    ...(missing.length === 0 ? [] : [`without ${listed(missing, 7)}`]),
    ...(grown >= sent ? [] : [`requests grew by ${String(grown)} for ${String(sent)}`]),
    ...outside.filter((status) => status !== 403).map((status) => `a client outside gets ${String(status)}`),
  ];
  return {
    verdict: faults.length === 0 ? 'conforms' : 'deviates',
    expected: `${fields.join(', ')} for a client in 10.0.0.0/8, 403 for others; requests are counted`,
    observed:
      faults.length === 0
        ? `all ${String(fields.length)} numbers; requests grew by ${String(grown)} while ${String(sent)} were sent; 403 outside`
        : faults.join('; '),
  };
}

/** Reads the status page before and after some requests, from inside and outside. */
export async function statusPage(context: CaseContext, fields: readonly string[]): Promise<Outcome> {
  const inside = context.client('operators');
  const first = await inside.request(STATUS_PAGE);
  const between = Array.from({ length: REQUESTS }, () => ({ path: '/health' }));
  await context.client().all(between);
  // The office is allowed elsewhere, and is no part of the internal network.
  const strangers = [context.client(), officeClient(context)].filter((client) => client !== undefined);
  const [second, ...outside] = await Promise.all([inside, ...strangers].map((client) => client.request(STATUS_PAGE)));
  if (!second) throw new Error('the agent returned no observation');
  const statuses = outside.map(({ status }) => status);
  return {
    ...judgeStatusPage(fields, statistics(bodyText(first)), statistics(bodyText(second)), REQUESTS, statuses),
    evidence: [proof({ probe: { client: inside, path: STATUS_PAGE }, path: STATUS_PAGE, seen: second })],
  };
}

const INSTANCE = 'customer-1';
const STATUSES = [200, 404, 500];

/** Whether requests are counted by status: some label tells each of them, by code or by class. */
export function toldApart(text: string, statuses: readonly number[]): number[] {
  const values = new Set(
    [...text.matchAll(/^http_requests_total\{[^}]*\bstatus_code="([^"]+)"/gm)].map(([, value = '']) => value),
  );
  return statuses.filter((status) => values.has(String(status)) || values.has(`${String(status)[0] ?? ''}xx`));
}

/** Judges the metrics of a backend that has answered with several statuses. */
export async function publishes(context: CaseContext, names: readonly string[]): Promise<Outcome> {
  const server = pool(await context.gateway.config(), CUSTOMER_POOL).servers.find(({ host }) => host === INSTANCE);
  const target = { address: context.session.service(INSTANCE).addresses['backend'] ?? '', port: server?.port ?? 0 };
  const { observations } = await context.session.inspector.schedule(
    STATUSES.map((status) => ({
      kind: 'http',
      id: String(status),
      at_ms: 0,
      from: inspectorAddress(context),
      target,
      protocol: 'http/1.1',
      request: { method: 'GET', path: '/api/v1/x', headers: [['x-behave', JSON.stringify({ status })]] },
      timeout_ms: 10_000,
    })),
  );
  const wrong = observations.filter(
    (one): one is HttpObservation => one.kind === 'http' && String(one.status) !== one.id,
  );
  if (wrong.length > 0) throw new Error(`${INSTANCE} did not answer as asked`);
  const url = `http://${INSTANCE}:${String(target.port)}/metrics`;
  const [answer] = await scrape(context, [url]);
  const text = answer?.text ?? '';
  const outcome = judgeNames(names, [{ from: url, text }]);
  const told = toldApart(text, STATUSES);
  const lines = text.split('\n').filter((line) => line.startsWith('http_requests_total{'));
  return {
    ...outcome,
    ...judged(
      outcome.verdict === 'conforms' && told.length === STATUSES.length,
      `${outcome.expected}; answers with ${STATUSES.join(', ')} told apart`,
      `${outcome.observed}; status_code tells ${told.length === 0 ? 'none' : told.join(', ')} apart`,
      [...outcome.evidence, { kind: 'log', title: `http_requests_total of ${INSTANCE}`, lines: lines.slice(0, 12) }],
    ),
  };
}

/** What each counter counts: the route that does it once. */
const DEEDS: Readonly<Record<string, string>> = {
  consultations_booked_total: '/api/v1/consultations',
  payments_processed_total: '/api/v1/payments',
  user_registrations_total: '/api/v1/users',
};

/** Does one of each through the gateway, and compares the counters of all instances before and after. */
export async function countsBusiness(context: CaseContext, names: readonly string[]): Promise<Outcome> {
  const urls = pool(await context.gateway.config(), CUSTOMER_POOL).servers.map(
    ({ host, port }) => `http://${host}:${String(port)}/metrics`,
  );
  const sums = async (): Promise<ReadonlyMap<string, number | undefined>> => {
    const answers = await scrape(context, urls);
    return new Map(
      names.map((name) => {
        const values = answers.flatMap(({ text }) => total(text, name) ?? []);
        return [name, values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0)];
      }),
    );
  };
  const before = await sums();
  const delivered = await deliver(
    context,
    names.map((name) => ({
      client: context.client(),
      path: DEEDS[name] ?? `/api/v1/${name}`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"note":"one"}',
    })),
  );
  const after = await sums();
  const grown = names.filter((name) => (after.get(name) ?? 0) > (before.get(name) ?? 0));
  return judged(
    grown.length === names.length,
    `${names.join(', ')} grow when one of each is done`,
    delivered
      .map(
        (one, index) =>
          `${names[index] ?? ''} ${String(before.get(names[index] ?? '') ?? 'absent')} → ${String(after.get(names[index] ?? '') ?? 'absent')} (${outcomeOf(one.seen)})`,
      )
      .join('; '),
    [
      table(
        'counters of all customer instances',
        ['counter', 'before', 'after'],
        names.map((name) => [name, before.get(name) ?? 'absent', after.get(name) ?? 'absent']),
      ),
      ...delivered.slice(0, 1).map((one) => proof(one)),
    ],
  );
}
