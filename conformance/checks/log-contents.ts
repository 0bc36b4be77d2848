import type { ConfigEdit } from '../../environments/harness/types.ts';
import type { CaseContext } from '../context.ts';
import { marker, mixed } from '../gateway.ts';
import type { Gateway } from '../gateway.ts';
import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { backendLines, jsonLine, linesOf } from './access-log.ts';

/** Enough requests for each instance of a pool to be asked, and fewer than one client may send at once. */
const REQUESTS = 12;
const ADMIN_REQUESTS = 5;

/** The instance that fails in these checks. */
const FAILING = 'customer-1';
const FAILING_ADMIN = 'admin-1';

/** What the log has of requests, and how many of them were tried more than once. */
export interface Retried {
  readonly lines: readonly string[];
  readonly triedAgain: number;
  /** Upstream server name → address. */
  readonly instances: Readonly<Record<string, string>>;
}

/** Requests of which some meet an instance that fails; the gateway tries another. */
export async function retried(context: CaseContext, gateway: Gateway): Promise<Omit<Retried, 'instances'>> {
  const mark = marker('retry');
  const client = context.client('clients', gateway);
  await mixed(
    context.session.vantage,
    Array.from({ length: REQUESTS }, (_, index) => ({
      client,
      path: `/api/v1/log/${mark}-${String(index)}`,
      connection: mark,
      behave: { reset: true, only: [FAILING] },
    })),
  );
  const [[lines = []], arrivals] = await Promise.all([
    linesOf(gateway, [{ needles: [mark], wanted: REQUESTS }]),
    context.arrivals(mark),
  ]);
  const attempts = Map.groupBy(
    arrivals.filter(({ service }) => service !== 'auth'),
    ({ url }) => url,
  );
  return {
    lines: lines.map((line) => line.toString('utf8')),
    triedAgain: [...attempts.values()].filter(({ length }) => length > 1).length,
  };
}

/** Some line shows two instances and two times, in the same order; every other line shows one of each. */
export function judgeRetries({ lines, triedAgain, instances }: Retried, separator: string): Outcome {
  const entries = lines.map(jsonLine);
  const list = (value: unknown): string[] => (typeof value === 'string' && value !== '' ? value.split(separator) : []);
  const twice = entries.filter(
    (entry) => list(entry?.['upstream_addr']).length === 2 && list(entry?.['upstream_response_time']).length === 2,
  );
  const failing = instances[FAILING] ?? 'unknown';
  const right = twice.filter((entry) => {
    const [first = '', second = ''] = list(entry?.['upstream_addr']);
    return (
      first.startsWith(`${failing}:`) &&
      second !== first &&
      list(entry?.['upstream_response_time']).every((time) => /^\d+\.\d{3}$/.test(time))
    );
  });
  const shown = lines.find((_, index) => twice.includes(entries[index])) ?? lines[0];
  const expected = `a request that was tried twice has both addresses and both times in its line, separated by "${separator}"`;
  if (triedAgain === 0)
    return inconclusive(expected, `${String(lines.length)} lines`, 'no request was tried a second time');
  return judge(
    right.length > 0,
    expected,
    right.length > 0
      ? `${String(right.length)} of ${String(lines.length)} lines show ${FAILING} and another instance, with a time each`
      : `${String(lines.length)} lines, none with two addresses and two times`,
    [{ kind: 'log', title: 'access log', lines: shown === undefined ? [] : [shown] }],
  );
}

/** Lines of an error log, and the beginnings of the paths on which something failed. */
export interface Levels {
  readonly lines: readonly string[];
  readonly routes: readonly string[];
}

/** One failure sets an instance aside: how many it takes is not what is measured here. */
export const firstFailureCounts: ConfigEdit = (_path, text) => text.replaceAll(/\bmax_fails=\d+/g, 'max_fails=1');

/** Makes a fresh gateway log: an instance of each pool fails (error), is set aside (warn), connections are closed (info). */
export async function errorLevels(context: CaseContext, gateway: Gateway): Promise<Levels> {
  const routes = [
    { path: '/api/v1/log/', count: REQUESTS, fails: FAILING },
    { path: '/api/v1/admin/log/', count: ADMIN_REQUESTS, fails: FAILING_ADMIN },
  ];
  await mixed(
    context.session.vantage,
    routes.flatMap(({ path, count, fails }) => {
      const client = context.clientFor(path, gateway);
      return Array.from({ length: count }, () => ({
        client,
        path: `${path}${marker('levels')}`,
        connection: path,
        behave: { reset: true, only: [fails] },
      }));
    }),
  );
  const { stdout } = await gateway.exec(['cat', '/var/log/nginx/error.log']);
  return { lines: stdout.split('\n').filter((line) => line !== ''), routes: routes.map(({ path }) => path) };
}

/** Levels of nginx, the gravest first. */
const LEVELS = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'];

const levelOf = (line: string): string => /^\S+ \S+ \[(\w+)\]/.exec(line)?.[1] ?? 'none';

/** The failure and the warning of each route are there; nothing is that weighs less than the promised level. */
export function judgeErrorLevels(level: string, { lines, routes }: Levels): Outcome {
  const failed = lines.filter((line) => levelOf(line) === 'error' && /upstream/.test(line));
  const disabled = lines.filter(
    (line) => levelOf(line) === 'warn' && line.includes('upstream server temporarily disabled'),
  );
  const silent = routes.filter(
    (route) => ![failed, disabled].every((some) => some.some((line) => line.includes(`request: "GET ${route}`))),
  );
  const below = lines.filter((line) => LEVELS.indexOf(levelOf(line)) > LEVELS.indexOf(level));
  return judge(
    silent.length === 0 && below.length === 0,
    `failures (error) and instances set aside (warn) are in the error log, nothing below ${level}`,
    `${String(failed.length)} lines about failures, ${String(disabled.length)} about an instance set aside, ${String(below.length)} below ${level}${silent.length === 0 ? '' : `; not both for ${silent.join(', ')}`}`,
    [
      {
        kind: 'log',
        title: 'error log',
        lines: [failed[0], disabled[0], below[0]].filter((line) => line !== undefined),
      },
    ],
  );
}

/** Requests to one instance, and what the gateway and the instance wrote about them. */
export async function backendEntries(
  context: CaseContext,
  count: number,
): Promise<{ readonly instance: string; readonly gateway: string[]; readonly backend: string[] }> {
  const mark = marker('entries');
  const plan = Array.from({ length: count }, (_, index) => ({
    path: `/api/v1/log/${mark}-${String(index)}`,
    connection: `${mark}-${String(Math.floor(index / 20))}`,
  }));
  const clients = Array.from({ length: Math.ceil(count / 20) }, () => context.client());
  await mixed(
    context.session.vantage,
    plan.map((planned, index) => ({ ...planned, client: clients[Math.floor(index / 20)]! })),
  );
  const [arrival] = (await context.arrivals(mark)).filter(({ service }) => service !== 'auth');
  if (!arrival) return { instance: FAILING, gateway: [], backend: [] };
  const [[lines = []], backend] = await Promise.all([
    linesOf(context.gateway, [{ needles: [mark], wanted: count }]),
    backendLines(context, arrival.instance, mark),
  ]);
  return { instance: arrival.instance, gateway: lines.map((line) => line.toString('utf8')), backend };
}

/** Every service writes JSON lines with the same fields. */
export function judgeFields(
  fields: readonly string[],
  services: readonly { readonly service: string; readonly lines: readonly string[] }[],
): Outcome {
  const faults = services.map(({ service, lines }) => {
    const entry = jsonLine(lines[0] ?? '');
    if (!entry) return { service, fault: lines.length === 0 ? 'no line' : 'no JSON' };
    const missing = fields.filter((name) => !(name in entry));
    return { service, fault: missing.length === 0 ? undefined : `lacks ${missing.join(', ')}` };
  });
  const wrong = faults.filter(({ fault }) => fault !== undefined);
  return judge(
    wrong.length === 0,
    `gateway and backends log ${fields.join(', ')}`,
    wrong.length === 0
      ? 'all fields in both'
      : wrong.map(({ service, fault }) => `${service}: ${fault ?? ''}`).join('; '),
    services.map(({ service, lines }) => ({
      kind: 'log' as const,
      title: `a line of the ${service}`,
      lines: lines.slice(0, 1),
    })),
    wrong.length === 0 ? undefined : "the gateway's log format has fields of its own",
  );
}

/** Every line that a backend wrote is JSON at the promised level or above. */
export function judgeBackendLevels(level: string, lines: readonly string[]): Outcome {
  const order = ['debug', 'info', 'warn', 'error'];
  const entries = lines.map(jsonLine);
  const text = entries.filter((entry) => entry === undefined).length;
  const below = entries.filter(
    (entry) => entry !== undefined && order.indexOf(String(entry['level'])) < order.indexOf(level),
  ).length;
  const at = entries.filter((entry) => entry?.['level'] === level).length;
  return judge(
    text === 0 && below === 0 && at > 0,
    `every line of a backend is JSON at level ${level} or above`,
    `${String(lines.length)} lines: ${String(at)} at ${level}, ${String(below)} below it or without a level, ${String(text)} not JSON`,
    [{ kind: 'log', title: 'lines of the backend', lines: lines.slice(0, 3) }],
  );
}
