import { bodyJson, header, latency_ms } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { Client, RequestOptions } from '../gateway.ts';
import type { Evidence } from '../../reports/record/types.ts';

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
