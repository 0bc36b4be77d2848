import { header, headersNamed, bodyText } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { Delivered } from './exchange.ts';
import { outcomeOf } from './exchange.ts';

/** What nginx's own statistics page or an exporter's text for it contains. */
const STATISTICS = /active connections|nginx_connections_active|"active"/i;

/** Whether an answer is a 200 that shows the gateway's connection statistics. */
export function showsStatistics(seen: HttpObservation): boolean {
  return seen.status === 200 && STATISTICS.test(bodyText(seen));
}

/** Whether an answer came from the gateway alone: no pool was asked. */
export function madeLocally({ seen, arrivals }: Delivered): boolean {
  return seen.status !== null && arrivals.length === 0;
}

/** Members of an object, or nothing when the text is no JSON object. */
export function jsonObject(seen: HttpObservation): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(bodyText(seen));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with the Content-Type lines of an answer; undefined when exactly so many carry this media type. */
export function contentTypeFault(
  seen: Pick<HttpObservation, 'headers' | 'status' | 'error'>,
  wanted: string,
  occurrences: number,
): string | undefined {
  const lines = headersNamed(seen, 'content-type');
  if (seen.status === null) return outcomeOf(seen);
  if (lines.length !== occurrences)
    return `${String(lines.length)} Content-Type lines (${lines.join(' | ') || 'none'})`;
  return lines.every((line) => mediaType(line) === wanted) ? undefined : `Content-Type ${lines.join(' | ')}`;
}

/** Whether the answer is declared as JSON, once. */
export function isJson(seen: HttpObservation): boolean {
  return contentTypeFault(seen, 'application/json', 1) === undefined;
}

/** Media type without parameters, in lower case. */
export function mediaType(value: string | undefined): string {
  return (value ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Host of an absolute Location; undefined for none or a relative one. */
export function redirectHost(seen: HttpObservation): string | undefined {
  const location = header(seen, 'location') ?? '';
  return /^https?:\/\/([^/:?#]+)/i.exec(location)?.[1]?.toLowerCase();
}
