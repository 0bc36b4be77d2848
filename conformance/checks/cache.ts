import { nginxSeconds } from '../../environments/harness/config.ts';
import { bodyJson, header, latency_ms } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { Client, RequestOptions } from '../gateway.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import type { Evidence } from '../../reports/record/types.ts';
import { configTree, everywhere } from './config-tree.ts';

/** Identity of a generated answer: two requests with the same one were served from one backend answer. */
export function serialOf(observation: HttpObservation): string {
  const body = observation.status === 200 ? bodyJson(observation) : undefined;
  if (typeof body !== 'object' || body === null) return `status ${String(observation.status)}`;
  const { instance, serial, time } = body as { instance?: unknown; serial?: unknown; time?: unknown };
  return [instance, serial, time].map(String).join('/');
}

/** True when the second answer is the stored first one. */
export const stored = (first: HttpObservation, second: HttpObservation): boolean =>
  first.status === 200 && second.status === 200 && serialOf(first) === serialOf(second);

/** Requests one after the other as one user: caches may keep users apart. */
export async function inTurn(
  client: Client,
  paths: readonly string[],
  options: RequestOptions = {},
): Promise<HttpObservation[]> {
  return client.all(paths.map((path) => ({ path, connection: 'in-turn', ...options })));
}

/** A path whose answer carries a serial number and the given Cache-Control. */
export function cacheable(name: string, cacheControl?: string): string {
  return `/api/v1/cache/${name}${cacheControl === undefined ? '' : `?cc=${encodeURIComponent(cacheControl)}`}`;
}

/** Answers with what tells a stored one from a fresh one. */
export function answersTable(title: string, names: readonly string[], seen: readonly HttpObservation[]): Evidence {
  return {
    kind: 'table',
    title,
    columns: ['request', 'status', 'answer', 'X-Cache-Status', 'ms'],
    rows: seen.map((one, index) => [
      names[index] ?? '',
      one.status ?? 0,
      serialOf(one),
      header(one, 'x-cache-status') ?? 'absent',
      Math.round(latency_ms(one)),
    ]),
  };
}

/** Whether Cache-Control says exactly what is wanted: no directive is missing, none is there besides, the same one may occur twice. */
export function sameDirectives(seen: readonly string[], wanted: readonly string[]): boolean {
  return [...new Set(seen)].toSorted().join() === wanted.toSorted().join();
}

/** What nginx waits for the first of parallel requests when nothing is set, s. */
const LOCK_TIMEOUT_S = 5;

/** Judges how long parallel requests wait for the first one, wherever the running configuration caches. */
export function judgeLockTime(lock_s: number, config: string): Outcome {
  const set = everywhere(configTree(config), 'proxy_cache_lock_timeout').map(
    ({ directive }) => nginxSeconds(directive.args[0] ?? '') ?? NaN,
  );
  const times = set.length > 0 ? set : [LOCK_TIMEOUT_S];
  return judge(
    times.every((time) => time === lock_s),
    `they wait ${String(lock_s)} s for it at most`,
    `proxy_cache_lock_timeout ${times.map((time) => `${String(time)}s`).join(', ')} (nginx -T${set.length > 0 ? '' : ': not set, this is its default'})`,
    [],
  );
}
