import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { json, writeChunk } from '../answer.ts';
import type { Answer } from '../answer.ts';
import type { BodySeen } from '../body.ts';
import type { Arrival } from '../arrivals.ts';

/** What a raw route knows about the request that it answers. */
export interface RawContext {
  readonly arrival: Arrival;
  readonly worker: number;
  /** Null when the body was deliberately not read. */
  readonly body: BodySeen | null;
  readonly hits: number | null;
  /** Requests that this process is answering now, this one included. */
  readonly inFlight: number;
  /** Next serial number of the instance in this process. */
  readonly serial: () => number;
}

export const CACHE_PREFIX = '/api/v1/cache/';
export const STREAM_PREFIX = '/api/v1/stream/';

/** Routes whose time is drawn from the documented backend budget. */
const TIMED_PREFIXES = ['/api/v1/browse/', '/api/v1/account/', '/api/v1/admin/report/'];

export function hasServiceTime(path: string): boolean {
  return TIMED_PREFIXES.some((prefix) => path.startsWith(prefix));
}

/** The answer of every path that no named route claims. */
export function rawAnswer(path: string, context: RawContext): Answer {
  if (path.startsWith(CACHE_PREFIX)) return cacheable(context);
  if (path === '/ws') return echo(context, 426, { Upgrade: 'websocket' });
  return echo(context);
}

/** Exactly what arrived. */
function echo(
  { arrival, worker, body, hits, inFlight }: RawContext,
  status = 200,
  headers: Answer['headers'] = {},
): Answer {
  const { instance, service, pid, method, url, httpVersion, peer, requestOnConnection, ip } = arrival;
  return json(
    status,
    {
      instance,
      service,
      pid,
      worker,
      method,
      url,
      httpVersion,
      headers: arrival.headers,
      bodyBytes: body?.bodyBytes ?? null,
      bodySha256: body?.bodySha256 ?? null,
      peer,
      requestOnConnection,
      ip,
      inFlight,
      ...(hits === null ? {} : { hits }),
    },
    headers,
  );
}

/**
 * An answer that tells copies apart by its serial number. The query says how
 * long it may be kept: `cc` (Cache-Control), `etag`, `lm` (Last-Modified),
 * `expires`, `vary`. A matching If-None-Match is answered with 304.
 */
function cacheable({ arrival, serial }: RawContext): Answer {
  const query = new URLSearchParams(arrival.url.split('?')[1] ?? '');
  const asked: readonly [string, string][] = [
    ['cc', 'Cache-Control'],
    ['etag', 'ETag'],
    ['lm', 'Last-Modified'],
    ['expires', 'Expires'],
    ['vary', 'Vary'],
  ];
  const headers = Object.fromEntries(
    asked.flatMap(([key, name]) => (query.has(key) ? [[name, query.get(key) ?? '']] : [])),
  );
  const known = arrival.headers.find(([name]) => name.toLowerCase() === 'if-none-match')?.[1];
  const etag = headers['ETag'];
  const number = serial();
  if (etag !== undefined && known?.split(',').some((one) => weakly(one) === weakly(etag)))
    return { status: 304, headers, body: '' };
  return json(
    200,
    { serial: number, instance: arrival.instance, pid: arrival.pid, time: new Date(arrival.at).toISOString() },
    headers,
  );
}

/** Weak comparison of entity tags (RFC 9110, 8.8.3.2). */
function weakly(tag: string): string {
  return tag.trim().replace(/^W\//, '');
}

/**
 * Server-sent events: one at once, then one every `interval` ms (default 1000)
 * until `events` of them (default: no end) or until the client leaves.
 */
export async function serverSentEvents(
  request: IncomingMessage,
  response: ServerResponse,
  instance: string,
): Promise<void> {
  const query = new URLSearchParams((request.url ?? '').split('?')[1] ?? '');
  const interval_ms = Math.max(1, Number(query.get('interval') ?? 1000) || 1000);
  const events = query.has('events') ? Number(query.get('events')) : Infinity;
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  if (request.method === 'HEAD') return void response.end();
  for (let sequence = 1; sequence <= events && !response.destroyed; sequence += 1) {
    if (sequence > 1) await wait(interval_ms);
    await writeChunk(
      response,
      `id: ${String(sequence)}\ndata: ${JSON.stringify({ instance, sequence, at: Date.now() })}\n\n`,
    );
  }
  response.end();
}
