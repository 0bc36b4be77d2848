import type { CaseContext, Session } from '../context.ts';
import { exec } from '../../environments/harness/containers.ts';
import { waitFor } from '../../environments/harness/wait.ts';
import { inconclusive } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { judged, listed, table } from './exchange.ts';
import { ADMIN_POOL, CUSTOMER_POOL, pool } from './upstream-block.ts';

const MONITORING = 'monitoring-1';
const API = 'http://127.0.0.1:9090';

/** Prometheus hands new targets to its scrapers every 5 s; a busy machine takes longer. */
const TARGETS_LIMIT_MS = 30_000;

/** A target that Prometheus scrapes. */
export interface ScrapeTarget {
  readonly job: string;
  readonly url: string;
  /** Host name in the URL. */
  readonly host: string;
  readonly health: string;
  readonly interval_s: number;
}

/** A rule group as Prometheus has it loaded. */
export interface RuleGroup {
  readonly name: string;
  readonly interval_s: number;
  readonly rules: readonly string[];
}

interface RawTarget {
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapeUrl: string;
  readonly health: string;
  readonly scrapeInterval: string;
}

/** What the HTTP API of Prometheus answers at a path, its `data`. */
async function ask<T>(session: Session, path: string): Promise<T> {
  const { stdout, stderr } = await exec(session.service(MONITORING).containerId, [
    'curl',
    '-sS',
    '--max-time',
    '10',
    `${API}${path}`,
  ]);
  try {
    return (JSON.parse(stdout) as { data: T }).data;
  } catch (error) {
    throw new Error(`Prometheus at ${path}: ${(stderr || stdout).slice(0, 200)}`, { cause: error });
  }
}

const listings = new WeakMap<Session, Promise<ScrapeTarget[]>>();

/** All active targets, once Prometheus lists them; the same list for every case of a session. */
export function targets({ session }: CaseContext): Promise<ScrapeTarget[]> {
  let known = listings.get(session);
  if (!known) {
    known = listTargets(session);
    listings.set(session, known);
  }
  return known;
}

async function listTargets(session: Session): Promise<ScrapeTarget[]> {
  const { yaml } = await ask<{ yaml: string }>(session, '/api/v1/status/config');
  if (!yaml.includes('targets:')) return [];
  const active = await waitFor(
    'Prometheus listing its targets',
    async () => {
      const { activeTargets } = await ask<{ activeTargets: RawTarget[] }>(session, '/api/v1/targets?state=active');
      return activeTargets.length > 0 && activeTargets;
    },
    { limit_ms: TARGETS_LIMIT_MS, every_ms: 500 },
  );
  return active.map(({ labels, scrapeUrl, health, scrapeInterval }) => ({
    job: labels['job'] ?? '',
    url: scrapeUrl,
    host: new URL(scrapeUrl).hostname,
    health,
    interval_s: seconds(scrapeInterval),
  }));
}

/** The rule groups that are loaded. */
export async function ruleGroups({ session }: CaseContext): Promise<RuleGroup[]> {
  const { groups } = await ask<{ groups: { name: string; interval: number; rules: { name: string }[] }[] }>(
    session,
    '/api/v1/rules',
  );
  return groups.map(({ name, interval, rules }) => ({
    name,
    interval_s: interval,
    rules: rules.map((rule) => rule.name),
  }));
}

/** Seconds of a Prometheus duration such as `15s` or `1m30s`. */
export function seconds(duration: string): number {
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };
  return [...duration.matchAll(/(\d+)(ms|[smhd])/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0),
    0,
  );
}

/** Judges that rules are loaded as promised. */
export function judgeLoaded(
  promised: { readonly groups: number; readonly rules: number },
  loaded: readonly RuleGroup[],
): Outcome {
  const rules = loaded.flatMap((group) => group.rules);
  return judged(
    loaded.length === promised.groups && rules.length === promised.rules,
    `${String(promised.groups)} groups with ${String(promised.rules)} rules loaded`,
    `${String(loaded.length)} groups with ${String(rules.length)} rules`,
    [
      table(
        '/api/v1/rules of Prometheus',
        ['group', 'every, s', 'rules'],
        loaded.map(({ name, interval_s, rules: names }) => [name, interval_s, names.join(', ')]),
      ),
    ],
    'prometheus.yml has no rule_files, so that the file with the rules is never read',
  );
}

/** Judges how often targets are scraped and rules evaluated. */
export function judgeIntervals(
  promised: { readonly scrape_s: number; readonly evaluation_s: number },
  listed_: readonly ScrapeTarget[],
  loaded: readonly RuleGroup[],
): Outcome {
  const slow = listed_.filter(({ interval_s }) => interval_s !== promised.scrape_s);
  const other = loaded.filter(({ interval_s }) => interval_s !== promised.evaluation_s);
  const scraped = `${String(listed_.length - slow.length)} of ${String(listed_.length)} targets every ${String(promised.scrape_s)} s`;
  const evaluated =
    loaded.length === 0
      ? 'no rule is loaded, none evaluated'
      : `rule groups every ${[...new Set(loaded.map(({ interval_s }) => interval_s))].join(' and ')} s`;
  return judged(
    listed_.length > 0 && slow.length === 0 && loaded.length > 0 && other.length === 0,
    `all targets scraped every ${String(promised.scrape_s)} s, all rules evaluated every ${String(promised.evaluation_s)} s`,
    `${scraped}; ${evaluated}`,
    [
      table(
        'scrape interval of each target',
        ['target', 'seconds'],
        listed_.map(({ url, interval_s }) => [url, interval_s]),
      ),
      table(
        'interval of each rule group',
        ['group', 'seconds'],
        loaded.map(({ name, interval_s }) => [name, interval_s]),
      ),
    ],
    loaded.length === 0
      ? 'prometheus.yml loads no rules'
      : 'the rule groups have an interval of their own, which wins over the global one',
  );
}

/** Judges that each node is some target's host. */
export function judgeCoverage(nodes: readonly string[], scraped: readonly ScrapeTarget[]): Outcome {
  const covered = (node: string): string[] => scraped.filter(({ host }) => host === node).map(({ url }) => url);
  const bare = nodes.filter((node) => covered(node).length === 0);
  return judged(
    bare.length === 0,
    `each of the ${String(nodes.length)} nodes of the gateway, of both pools and of the data stores is a target`,
    bare.length === 0 ? 'all are' : `${String(bare.length)} are not: ${listed(bare, 8)}`,
    [
      table(
        'targets by node',
        ['node', 'targets'],
        nodes.map((node) => [node, covered(node).join(', ') || 'none']),
      ),
    ],
    'prometheus.yml lists part of the instances',
  );
}

/** Gateways, instances in the pools and data stores: what the scrape configuration has to know. */
export async function nodes(context: CaseContext): Promise<string[]> {
  const config = await context.gateway.config();
  const stores = context.session.topology.services.filter(
    ({ role }) => role === 'gateway' || role === 'postgres' || role === 'redis',
  );
  const names = stores.map(({ name }) => name).filter((name) => !name.startsWith('replica'));
  return [
    ...names,
    ...[ADMIN_POOL, CUSTOMER_POOL].flatMap((name) => pool(config, name).servers.map(({ host }) => host)),
  ];
}

/** Judges that Prometheus keeps its data for a stated time or size. */
export async function retention({ session }: CaseContext): Promise<Outcome> {
  const flags = await ask<Readonly<Record<string, string>>>(session, '/api/v1/status/flags');
  const { yaml } = await ask<{ yaml: string }>(session, '/api/v1/status/config');
  const names = ['storage.tsdb.retention.time', 'storage.tsdb.retention.size'];
  const set = names.filter((name) => !/^0/.test(flags[name] ?? '0'));
  const written = /^\s*retention:/m.test(yaml);
  return judged(
    set.length > 0 || written,
    'how long metrics are kept is stated',
    set.length > 0
      ? set.map((name) => `${name}=${flags[name] ?? ''}`).join(', ')
      : written
        ? 'in prometheus.yml'
        : 'neither a flag nor the configuration says so: Prometheus falls back to 15 days',
    [
      table(
        '/api/v1/status/flags',
        ['flag', 'value'],
        names.map((name) => [name, flags[name] ?? 'unset']),
      ),
    ],
    'no retention is configured',
  );
}

/** Judges that metrics are fetched by Prometheus alone: it has targets, refuses what is pushed, and no service connects to it. */
export async function pulled(context: CaseContext): Promise<Outcome> {
  const known = await targets(context);
  const pushed = await context.exec(MONITORING, [
    'curl',
    '-sS',
    '-o',
    '/dev/null',
    '-X',
    'POST',
    '--write-out',
    '%{http_code}',
    `${API}/api/v1/write`,
  ]);
  const { stdout } = await context.exec(MONITORING, ['ss', '-Htn', 'state', 'established']);
  const services = context.session.topology.services.flatMap(({ addresses, role }) =>
    role === 'monitoring' ? [] : Object.values(addresses),
  );
  const connections = stdout.split('\n').flatMap((line) => {
    const [, , own = '', peer = ''] = line.trim().split(/\s+/);
    const address = peer.replace(/^\[?(?:::ffff:)?([^\]]*)\]?:\d+$/, '$1');
    return services.includes(address) ? [{ own, peer, inbound: /:(?:9090|9091|9093|4317|4318)$/.test(own) }] : [];
  });
  const inbound = connections.filter((one) => one.inbound);
  const expected = 'Prometheus opens every connection that carries metrics';
  if (known.length === 0) return inconclusive(expected, 'Prometheus has no targets', 'nothing is collected at all');
  return judged(
    pushed.stdout !== '200' && pushed.stdout !== '204' && inbound.length === 0,
    expected,
    `${String(known.length)} targets to fetch from; a pushed sample gets ${pushed.stdout}; ${String(inbound.length)} connections from services`,
    [
      table(
        'connections between monitoring and services',
        ['own end', 'other end', 'opened by'],
        connections.map(({ own, peer, inbound: theirs }) => [own, peer, theirs ? 'the service' : 'the monitoring']),
      ),
    ],
  );
}
