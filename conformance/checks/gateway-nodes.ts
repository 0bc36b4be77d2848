import type { CaseContext } from '../context.ts';
import type { Gateway } from '../gateway.ts';
import { judge, notApplicable } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { judged, listed, outcomeOf, table } from './exchange.ts';
import { withoutComments } from './rate-limit-zones.ts';

/** A configuration without comments, empty lines and layout. */
export function normalised(config: string): string[] {
  return withoutComments(config)
    .split('\n')
    .map((line) => line.trim().replaceAll(/\s+/g, ' '))
    .filter((line) => line !== '');
}

/** Lines in which two configurations differ: those of one alone, else the first that stand in another order or number. */
export function difference(one: readonly string[], other: readonly string[]): string[] {
  const [left, right] = [new Set(one), new Set(other)];
  const alone = [...one.filter((line) => !right.has(line)), ...other.filter((line) => !left.has(line))];
  if (alone.length > 0) return alone;
  const longer = one.length >= other.length ? one : other;
  const at = longer.findIndex((_, index) => one[index] !== other[index]);
  return at < 0 ? [] : [`another order or number from line ${String(at + 1)} on: ${longer[at] ?? ''}`];
}

/** Compares the running configuration of two nodes, and their answers to the same requests. */
export async function sameNodes(context: CaseContext, count: number, paths: readonly string[]): Promise<Outcome> {
  const names = context.session.topology.services
    .filter(({ role, name }) => role === 'gateway' && name.startsWith('gateway-'))
    .map(({ name }) => name);
  const expected = `${String(count)} gateway nodes with the same configuration and the same answers`;
  const nodes = names.map((name) => context.session.gateway(name));
  const [first, ...others] = nodes;
  if (!first || nodes.length !== count) return judge(false, expected, `${String(nodes.length)} gateway nodes run`, []);
  const [configs, statuses] = await Promise.all([
    Promise.all(nodes.map(async (node) => normalised(await node.config()))),
    Promise.all(
      nodes.map(async (node) =>
        Promise.all(paths.map(async (path) => outcomeOf(await context.clientFor(path, node).request(path)))),
      ),
    ),
  ]);
  const different = [...new Set(configs.slice(1).flatMap((config) => difference(configs[0] ?? [], config)))];
  const apart = paths.filter((_, index) => new Set(statuses.map((row) => row[index])).size > 1);
  return judged(
    different.length === 0 && apart.length === 0,
    expected,
    `${names.join(' and ')}: ${different.length === 0 ? `the same ${String(configs[0]?.length ?? 0)} lines` : `${String(different.length)} lines differ (${listed(different, 2)})`}; ` +
      (apart.length === 0
        ? `the same status on ${String(paths.length)} paths`
        : `different status on ${listed(apart)}`),
    [
      table(
        'status of the same requests at each node',
        ['path', ...[first, ...others].map((_, index) => names[index] ?? '')],
        paths.map((path, index) => [path, ...statuses.map((row) => row[index] ?? '')]),
      ),
    ],
  );
}

/** What a gateway's processes may use. */
export interface WorkerLimits {
  readonly workers: number;
  /** What the configuration asks for: `auto`, or a number. */
  readonly configured: string;
  readonly cores: number;
  readonly connections: number;
  readonly method: string;
  /** Soft limit of open files of each worker. */
  readonly files: readonly number[];
  /** Hard limit that the container was given. */
  readonly hardLimit: number;
}

/** Reads the limits of the worker processes from /proc, the rest from the configuration. */
export async function workerLimits(gateway: Gateway): Promise<WorkerLimits> {
  const script =
    "for f in $(grep -la 'nginx: worker proces[s]' /proc/[0-9]*/cmdline 2>/dev/null); do grep 'Max open files' ${f%cmdline}limits; done; " +
    'echo "cores $(getconf _NPROCESSORS_ONLN)"; echo "hard $(ulimit -Hn)"';
  const [{ stdout }, config] = await Promise.all([gateway.exec(['sh', '-c', script]), gateway.config()]);
  const files = [...stdout.matchAll(/Max open files\s+(\d+)/g)].map(([, soft]) => Number(soft));
  const hard = /hard (\S+)/.exec(stdout)?.[1] ?? '';
  const text = withoutComments(config);
  return {
    workers: files.length,
    configured: /\bworker_processes\s+(\w+)\s*;/.exec(text)?.[1] ?? '1',
    cores: Number(/cores (\d+)/.exec(stdout)?.[1]),
    connections: Number(/\bworker_connections\s+(\d+)/.exec(text)?.[1] ?? 512),
    method: /\buse\s+(\w+)\s*;/.exec(text)?.[1] ?? 'epoll',
    files,
    hardLimit: hard === 'unlimited' ? Infinity : Number(hard),
  };
}

/** Judges what the workers may use. A machine that forbids the promised number of files cannot tell whether it would be had. */
export function judgeWorkerLimits(
  promised: { readonly connections: number; readonly files: number },
  seen: WorkerLimits,
): Outcome {
  const { workers, configured, cores, connections, method, files, hardLimit } = seen;
  const expected = `one worker per core, ${String(promised.connections)} connections and ${String(promised.files)} open files each, epoll`;
  const observed = `${String(workers)} workers (worker_processes ${configured}) on ${String(cores)} cores, ${String(connections)} connections, ${[...new Set(files)].join(' and ')} open files, ${method}`;
  const evidence = [
    table(
      'worker processes',
      ['what', 'seen'],
      [
        ['workers', workers],
        ['worker_processes', configured],
        ['cores', cores],
        ['worker_connections', connections],
        ['event method', method],
        ['open files (/proc)', files.join(', ')],
        ['hard limit in the container', String(hardLimit)],
      ],
    ),
  ];
  // A number may fit this machine by chance; only `auto` fits every one.
  const rest = configured === 'auto' && workers === cores && connections === promised.connections && method === 'epoll';
  if (rest && hardLimit < promised.files && files.every((count) => count < promised.files)) {
    return {
      ...notApplicable(
        expected,
        `this machine allows a container ${String(hardLimit)} open files; the rest is as promised`,
        evidence,
      ),
      observed,
    };
  }
  return judged(rest && files.every((count) => count === promised.files), expected, observed, evidence);
}
