import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { header, headersNamed } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import { mixed } from '../gateway.ts';
import type { Client, Planned, Scheduler } from '../gateway.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { configTree, everywhere } from './config-tree.ts';

/** One request and the content coding that its answer must have; `undefined` means none. */
export interface CodingRow {
  readonly name: string;
  readonly request: Planned;
  /** Who asks; an ordinary client when absent. */
  readonly by?: Client;
  readonly coding: 'gzip' | 'br' | undefined;
  /** The answer must vary by Accept-Encoding. */
  readonly vary?: boolean;
  /** Exact body after decoding. */
  readonly body?: string;
}

/** Requests under way at a time, at most. */
const CONNECTIONS = 5;

/** The body as it was before content coding; undefined when it cannot be decoded. */
export function decoded(observation: HttpObservation): Buffer | undefined {
  const body = Buffer.from(observation.body_base64, 'base64');
  try {
    const coding = header(observation, 'content-encoding');
    if (coding === 'gzip') return gunzipSync(body);
    if (coding === 'br') return brotliDecompressSync(body);
    return coding === undefined ? body : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with one answer; empty when nothing is. */
export function codingFaults(row: CodingRow, seen: HttpObservation): string[] {
  const faults: string[] = [];
  const codings = headersNamed(seen, 'content-encoding');
  if (seen.status !== 200) return [`status ${String(seen.status)}`];
  if (codings.join(',') !== (row.coding ?? '')) faults.push(`coding ${codings.join(',') || 'none'}`);
  if (row.vary && !headersNamed(seen, 'vary').some((value) => /accept-encoding/i.test(value)))
    faults.push('no Vary: Accept-Encoding');
  if (row.body !== undefined && decoded(seen)?.toString('utf8') !== row.body)
    faults.push('another body after decoding');
  return faults;
}

/** Judges that a directive has exactly these words wherever a configuration sets it, and is set at all. */
export function judgeSetting(config: string, directive: string, wanted: readonly string[]): Outcome {
  const found = everywhere(configTree(config), directive).map(({ directive: { args } }) => args);
  const same = (args: readonly string[]): boolean => args.toSorted().join(' ') === wanted.toSorted().join(' ');
  const wrong = found.filter((args) => !same(args));
  return judge(
    found.length > 0 && wrong.length === 0,
    `${directive} ${wanted.join(' ')}`,
    found.length === 0
      ? `${directive} is not set`
      : `${directive} ${(wrong[0] ?? found[0] ?? []).join(' ')} (nginx -T)`,
    [
      {
        kind: 'config',
        title: `${directive} in nginx -T`,
        text: found.map((args) => `${directive} ${args.join(' ')};`).join('\n'),
      },
    ],
  );
}

/** Requests each row and compares coding, Vary and content. */
export async function contentCoding(
  client: Client,
  rows: readonly CodingRow[],
  scheduler: Scheduler,
): Promise<Outcome> {
  // Few connections: a limit of requests under way is not what is measured here.
  const seen = await mixed(
    scheduler,
    rows.map(({ request, by = client }, index) => ({
      client: by,
      ...(by === client && request.protocol === undefined ? { connection: String(index % CONNECTIONS) } : {}),
      ...request,
    })),
  );
  const results = rows.map((row, index) => {
    const one = seen[index];
    return { row, one, faults: one ? codingFaults(row, one) : ['no answer'] };
  });
  const wrong = results.filter(({ faults }) => faults.length > 0);
  return judge(
    wrong.length === 0,
    rows.map(({ name, coding }) => `${name}: ${coding ?? 'plain'}`).join('; '),
    wrong.length === 0
      ? `all ${String(rows.length)} as expected`
      : wrong.map(({ row, faults }) => `${row.name}: ${faults.join(', ')}`).join('; '),
    [
      {
        kind: 'table',
        title: 'content coding',
        columns: ['request', 'status', 'Content-Encoding', 'Vary', 'bytes'],
        rows: results.map(({ row, one }) => [
          row.name,
          one?.status ?? 0,
          one ? headersNamed(one, 'content-encoding').join(', ') || 'none' : '',
          one ? headersNamed(one, 'vary').join(', ') || 'none' : '',
          one?.bodyBytes ?? 0,
        ]),
      },
    ],
  );
}
