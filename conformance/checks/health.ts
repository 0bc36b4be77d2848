import { waitFor } from '../../environments/harness/wait.ts';
import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import { inconclusive, notApplicable } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { backendsOf, fetchDirectly } from './backends.ts';
import type { Backend, DirectAnswer } from './backends.ts';
import { member } from './error-contract.ts';
import { judged, listed, outcomeOf, table } from './exchange.ts';

/** A check inside a health document: its status, and how long it took (null where nothing was asked). */
const DEPENDENCIES: readonly string[] = ['checks.database', 'checks.redis'];

/** What keeps a document from the documented shape; an empty list when nothing does. */
export function documentFaults(text: string, fields: readonly string[]): string[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return ['not JSON'];
  }
  const absent = fields.filter((field) => member(document, field) === undefined).map((field) => `no ${field}`);
  const typed: readonly (readonly [string, boolean])[] = [
    ['status', isText(member(document, 'status'))],
    ['timestamp', isTimestamp(member(document, 'timestamp'))],
    ['service', isText(member(document, 'service'))],
    ['version', isText(member(document, 'version'))],
    ['uptime', isAmount(member(document, 'uptime'))],
    ...DEPENDENCIES.map((path) => [path, isDependency(member(document, path))] as const),
    ['checks.memory', isMemory(member(document, 'checks.memory'))],
  ];
  const mistyped = typed
    .filter(([field, fits]) => fields.includes(field) && !fits && !absent.includes(`no ${field}`))
    .map(([field]) => `${field} is not as documented`);
  return [...absent, ...mistyped];
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0;
}

/** ISO 8601 with date, time and offset (or Z). */
export function isTimestamp(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

function isDependency(value: unknown): boolean {
  const [status, latency] = [member(value, 'status'), member(value, 'latency')];
  return isText(status) && (isAmount(latency) || (status === 'disabled' && latency === null));
}

function isMemory(value: unknown): boolean {
  const percentage = member(value, 'usagePercentage');
  return isText(member(value, 'status')) && isAmount(percentage) && Number(percentage) <= 100;
}

/** Every backend's health document, fetched without the gateway. */
async function documents(
  context: CaseContext,
  path: string,
): Promise<{ readonly backend: Backend; readonly answer: DirectAnswer }[]> {
  const backends = await backendsOf(context);
  return Promise.all(
    backends.map(async (backend) => ({ backend, answer: await fetchDirectly(context, backend, path) })),
  );
}

/** Judges the health document of every backend instance. */
export async function backendDocuments(
  context: CaseContext,
  fields: readonly string[],
  path: string,
): Promise<Outcome> {
  const all = await documents(context, path);
  const faults = all.flatMap(({ backend, answer }) => {
    const found = answer.status === 200 ? documentFaults(answer.body, fields) : [String(answer.status)];
    return found.length === 0 ? [] : [`${backend.name}: ${found.join(', ')}`];
  });
  return judged(
    all.length > 0 && faults.length === 0,
    `${path} of every backend with ${fields.join(', ')}`,
    faults.length === 0 ? `${String(all.length)} instances, all fields with their types` : listed(faults),
    [{ kind: 'log', title: `health document of ${all[0]?.backend.name ?? ''}`, lines: [all[0]?.answer.body ?? ''] }],
  );
}

/** Each instance answers on the service port of its pool. */
export async function backendEndpoints(
  context: CaseContext,
  { path, status, ports }: { path: string; status: number; ports: Readonly<Record<string, number>> },
): Promise<Outcome> {
  const all = await documents(context, path);
  const faults = all.flatMap(({ backend, answer }) => {
    const port = ports[backend.name.replace(/-\d+$/, '')];
    if (port !== backend.port)
      return [`${backend.name} is asked on ${String(backend.port)}, promised is ${String(port)}`];
    return answer.status === status
      ? []
      : [`${backend.name}: ${answer.status === 0 ? 'no answer' : String(answer.status)}`];
  });
  return judged(
    all.length > 0 && faults.length === 0,
    `${String(status)} for ${path} from each instance on its service port`,
    faults.length === 0 ? `${String(all.length)} instances, ${String(status)} each` : listed(faults),
    [
      table(
        'asked without the gateway',
        ['instance', 'address', 'status', 'document says'],
        all.map(({ backend, answer }) => [
          backend.name,
          `${backend.address}:${String(backend.port)}`,
          answer.status,
          /"status":"(\w+)"/.exec(answer.body)?.[1] ?? '',
        ]),
      ),
    ],
  );
}

/** A pattern for a health document, applied to real ones: a healthy instance has to match. */
export async function documentMatches(context: CaseContext, pattern: string): Promise<Outcome> {
  const expected = 'the documented pattern fits the health document of a healthy instance';
  const [first] = await documents(context, '/health');
  if (!first || first.answer.status !== 200)
    return inconclusive(
      expected,
      first ? String(first.answer.status) : 'no backend',
      'no healthy instance to apply the pattern to',
    );
  const database = /"database":\{[^}]*\}/.exec(first.answer.body)?.[0] ?? 'no database check';
  const matches = new RegExp(pattern.replace(/[{}]/g, '\\$&')).test(first.answer.body);
  return judged(
    matches,
    expected,
    `${matches ? 'matches' : 'does not match'}: ${database}`,
    [
      { kind: 'config', title: 'pattern of the documented check', text: pattern },
      { kind: 'log', title: `health document of ${first.backend.name}`, lines: [first.answer.body] },
    ],
    'the pattern wants the brace right after the status; the documented document has the latency there',
  );
}

/** Requests that must leave no line in the access log, told by a later request that leaves one. */
export async function probesUnlogged(context: CaseContext, most: number): Promise<Outcome> {
  const { gateway } = context;
  const mark = marker('quiet');
  const paths = ['/health', '/nginx_status'];
  const operator = context.client('operators');
  const probes = await operator.all(
    paths.flatMap((path) =>
      Array.from({ length: 8 }, (_, index) => ({
        path: `${path}?m=${mark}`,
        connection: `probe-${String(index % 2)}`,
      })),
    ),
  );
  const control = marker('loud');
  await context.client().request(`/api/v1/control?m=${control}`);
  await waitFor(
    'the line of the control request in the access log',
    async () => (await gateway.accessLog(control)).length > 0,
    { limit_ms: 8_000 },
  );
  const lines = await gateway.accessLog(mark);
  const failed = probes.filter(({ status }) => status !== 200);
  return judged(
    lines.length <= most && failed.length === 0,
    `${String(most)} lines in the access log for probes of ${paths.join(' and ')}`,
    `${String(lines.length)} lines for ${String(probes.length)} probes` +
      (failed.length > 0 ? `; ${String(failed.length)} probes not answered with 200 (${outcomeOf(failed[0]!)})` : ''),
    [
      {
        kind: 'log',
        title: 'lines of the probes',
        lines: lines.length > 0 ? lines.slice(0, 3) : ['none; the control request that came after them has its line'],
      },
    ],
  );
}

/** Samples of a Prometheus query answer. */
export function samples(text: string): { readonly labels: Readonly<Record<string, string>>; readonly value: number }[] {
  const result = member(JSON.parse(text), 'data.result');
  if (!Array.isArray(result)) return [];
  return result.map((one) => ({
    labels: (member(one, 'metric') ?? {}) as Record<string, string>,
    value: Number((member(one, 'value') as readonly unknown[] | undefined)?.[1]),
  }));
}

/** Instances whose state no sample tells, or tells wrongly; all of them run. */
export function stateFaults(names: readonly string[], seen: ReturnType<typeof samples>): string[] {
  return names.flatMap((name) => {
    const mine = seen.filter(({ labels }) =>
      Object.values(labels).some((label) => label === name || label.startsWith(`${name}:`)),
    );
    // Host metrics of the same machine tell that the machine is up, not the instance.
    const ofService = mine.filter(({ labels }) => labels['job'] !== 'node');
    if (ofService.length === 0) return [`${name}: no state`];
    return ofService.some(({ value }) => value === 1) ? [] : [`${name}: shown as down, though it serves`];
  });
}

/** Operators ask the monitoring for the state of each instance: all are up, and it has to say so. */
export async function poolState(context: CaseContext): Promise<Outcome> {
  const expected = 'the monitoring tells the state of each upstream instance';
  const monitoring = context.session.topology.services.find(({ role }) => role === 'monitoring');
  if (!monitoring) return notApplicable(expected, 'this topology has no monitoring');
  const names = (await backendsOf(context)).map(({ name }) => name);
  const url = `http://${monitoring.addresses['backend'] ?? monitoring.name}:9090/api/v1/`;
  const ask = async (path: string): Promise<string> =>
    (await context.exec('inspector', ['curl', '--silent', '--max-time', '5', `${url}${path}`])).stdout;
  await waitFor(
    'a first scrape of every target',
    async () => !/"health":"unknown"/.test(await ask('targets?state=active')),
    { limit_ms: 40_000, every_ms: 500 },
  );
  const seen = samples(await ask('query?query=up'));
  const faults = stateFaults(names, seen);
  return judged(
    faults.length === 0,
    expected,
    faults.length === 0
      ? `${String(names.length)} instances, each shown as up`
      : `${String(faults.length)} of ${String(names.length)} instances: ${listed(faults, 10)}`,
    [
      table(
        'up, as Prometheus has it',
        ['job', 'instance', 'up'],
        seen.map(({ labels, value }) => [labels['job'] ?? '', labels['instance'] ?? '', value]),
      ),
    ],
    'stub_status counts connections of the gateway; instances are scraped on ports where nothing listens, or not at all',
  );
}
