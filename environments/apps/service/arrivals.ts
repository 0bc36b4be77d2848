import { appendFileSync, existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Config } from './config.ts';
import { requestOnConnection } from './connections.ts';
import { clientAddress, plain } from './trust.ts';

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** One request as this instance received it. The log's readers know the same shape. */
export interface Arrival {
  readonly instance: string;
  readonly service: string;
  readonly pid: number;
  /** Wall clock, ms since the epoch. */
  readonly at: number;
  readonly method: string;
  /** Request target as received, percent-encoding included. */
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: HeaderList;
  readonly peer: { readonly address: string; readonly port: number };
  /** Number of this request on its TCP connection, from 1. */
  readonly requestOnConnection: number;
  /** Client address that this service trusts. */
  readonly ip: string;
  readonly upgrade: boolean;
}

/** Describes a request before anything was done with it. */
export function arrivalOf(request: IncomingMessage, config: Config, upgrade: boolean): Arrival {
  const { socket } = request;
  return {
    instance: config.instance,
    service: config.service,
    pid: process.pid,
    at: Date.now(),
    method: request.method ?? '',
    url: request.url ?? '',
    httpVersion: request.httpVersion,
    headers: headerPairs(request.rawHeaders),
    peer: { address: plain(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 },
    requestOnConnection: requestOnConnection(socket),
    ip: clientAddress(request, config.trustedProxies),
    upgrade,
  };
}

/** Pairs of Node's flat list of raw headers: names as sent, order and duplicates kept. */
export function headerPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index] ?? '', raw[index + 1] ?? '']);
  return pairs;
}

/** Scrapes and black-box probes would drown what clients sent; any other reader of the same paths is logged. */
export function isMonitoring(request: IncomingMessage, paths: readonly string[]): boolean {
  const [path] = (request.url ?? '').split('?');
  return paths.includes(path ?? '') && /^(Prometheus|Blackbox)/i.test(request.headers['user-agent'] ?? '');
}

/**
 * Appends arrivals to `<dir>/<instance>-<pid>.ndjson`. Synchronously: who has
 * an answer can rely on the line being there. Without the folder nothing is kept.
 */
export function arrivalLog(config: Config): (arrival: Arrival) => void {
  if (config.arrivalsDir === '' || !existsSync(config.arrivalsDir)) return () => undefined;
  const file = join(config.arrivalsDir, `${config.instance}-${String(process.pid)}.ndjson`);
  return (arrival) => appendFileSync(file, `${JSON.stringify(arrival)}\n`);
}
