/** Which instances a configuration sends requests to, and a configuration that leaves some of them idle. */
import { inForce, placeOf } from './nginx-config.ts';
import type { Directive } from './nginx-config.ts';
import { upstreamServer } from './upstream-server.ts';

/** The instances behind some paths, in the order in which the configuration lists them. */
export interface Pool {
  /** `customer` for `customer-1`, `customer-2`, … */
  readonly name: string;
  /** Instances that take requests. */
  readonly members: readonly string[];
  /** Instances that take requests when others fail. */
  readonly spares: readonly string[];
}

/**
 * Finds the pool that answers all the paths of a virtual host. Where a variable decides,
 * everything that its `map` or `split_clients` may give counts.
 *
 * @throws RangeError when there is none, or more than one
 */
export function poolOf(config: readonly Directive[], host: string, paths: readonly string[]): Pool {
  const http = config.find(({ name }) => name === 'http')?.block ?? [];
  const targets = new Set(paths.flatMap((path) => targetsOf(http, placeOf(config, host, path.replace(/\?.*$/, '')))));
  const servers = http
    .filter(({ name, words }) => name === 'upstream' && targets.has(words[0] ?? ''))
    .flatMap(({ block }) =>
      (block ?? []).filter(({ name }) => name === 'server').map(({ words }) => upstreamServer(words)),
    );
  const members = new Set(servers.filter(({ backup, down }) => !backup && !down).map(({ host: name }) => name));
  const spares = new Set(servers.map(({ host: name }) => name)).difference(members);
  const names = [...new Set([...members].map((name) => name.replace(/-\d+$/, '')))];
  const [name] = names;
  if (name === undefined || names.length > 1)
    throw new RangeError(
      `the requests reach ${names.length === 0 ? 'no pool' : `more than one pool: ${names.join(', ')}`}`,
    );
  return { name, members: [...members], spares: [...spares] };
}

/** Names of upstreams that the place may pass requests to. */
function targetsOf(http: readonly Directive[], place: readonly Directive[]): string[] {
  const target = inForce(place, 'proxy_pass')?.[0]
    ?.replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '');
  if (target === undefined) return [];
  if (!target.startsWith('$')) return [target];
  return http
    .filter(({ name, words }) => (name === 'map' || name === 'split_clients') && words[1] === target)
    .flatMap(({ block }) => (block ?? []).map(({ words }) => words[0] ?? ''));
}

/**
 * Marks instances as down in every upstream of a configuration file. Deleting them instead would
 * leave some upstreams empty, and a single one would no longer be taken out for its failures.
 */
export function withIdle(text: string, idle: readonly string[]): string {
  return text.replace(/^([ \t]*server[ \t]+([\w.-]+)[^;\n]*);/gm, (all, directive: string, host: string) =>
    idle.includes(host) && !/\sdown\b/.test(directive) ? `${directive} down;` : all,
  );
}
