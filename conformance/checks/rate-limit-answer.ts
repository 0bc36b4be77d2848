import { bodyText, header } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { Gateway } from '../gateway.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import type { Evidence } from '../../reports/record/types.ts';
import { counts, exchangeOf, sort } from './rate-limit-flood.ts';
import type { Flooded } from './rate-limit-flood.ts';

/** What a documented refusal looks like. */
export interface RefusalFormat {
  readonly status: number;
  readonly retryAfter_s: number;
  /** Of X-RateLimit-Limit; any number when absent. */
  readonly limit?: number;
  readonly remaining?: number;
  readonly contentType?: string;
  /** Member `code` of the error. */
  readonly code: string;
}

/** A limit's window ends within so many seconds of the refusal. */
const RESET_WITHIN_S = 3600;

/** What a refusal lacks of the documented format, in words; empty when it has everything. */
export function faultsOf(format: RefusalFormat, seen: HttpObservation, now_s: number): string[] {
  const faults: string[] = [];
  const want = (what: string, is: unknown, expected: unknown): void => {
    if (is !== expected)
      faults.push(`${what} is ${is === undefined ? 'absent' : JSON.stringify(is)}, not ${JSON.stringify(expected)}`);
  };
  want('status', seen.status, format.status);
  want('Content-Type', header(seen, 'content-type')?.split(';')[0]?.trim(), format.contentType ?? 'application/json');
  want('Retry-After', header(seen, 'retry-after'), String(format.retryAfter_s));
  const limit = header(seen, 'x-ratelimit-limit');
  if (format.limit === undefined ? !/^\d+$/.test(limit ?? '') : limit !== String(format.limit)) {
    faults.push(
      `X-RateLimit-Limit is ${limit ?? 'absent'}, not ${format.limit === undefined ? 'a number' : String(format.limit)}`,
    );
  }
  want('X-RateLimit-Remaining', header(seen, 'x-ratelimit-remaining'), String(format.remaining ?? 0));
  const reset = Number(header(seen, 'x-ratelimit-reset') ?? Number.NaN);
  if (!Number.isInteger(reset) || Math.abs(reset - now_s) > RESET_WITHIN_S)
    faults.push(`X-RateLimit-Reset is ${header(seen, 'x-ratelimit-reset') ?? 'absent'}, no time near now`);
  return [...faults, ...bodyFaults(format, bodyText(seen))];
}

function bodyFaults({ code, retryAfter_s }: RefusalFormat, text: string): string[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return ['the body is not JSON'];
  }
  const at = (value: unknown, name: string): unknown =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  const error = at(body, 'error');
  const members: readonly [string, unknown, unknown][] = [
    ['success', at(body, 'success'), false],
    ['error.code', at(error, 'code'), code],
    ['error.retryAfter', at(error, 'retryAfter'), retryAfter_s],
  ];
  const wrong = members
    .filter(([, is, expected]) => is !== expected)
    .map(([name, is, expected]) => `${name} is ${JSON.stringify(is) ?? 'absent'}, not ${JSON.stringify(expected)}`);
  return typeof at(error, 'message') === 'string' ? wrong : [...wrong, 'error.message is absent'];
}

/** Judges the first refusal of a flood against the documented format. */
export function judgeFormat(
  format: RefusalFormat,
  flooded: Flooded,
  refused: readonly HttpObservation[],
  now_s: number,
): Outcome {
  const expected = `refused with ${String(format.status)}, JSON (${format.code}, retryAfter ${String(format.retryAfter_s)}), Retry-After and X-RateLimit headers`;
  const [first] = refused;
  if (!first)
    return judge(
      false,
      expected,
      `${counts(flooded.observations)}; nothing was refused`,
      exchangeOf(flooded, flooded.observations.at(-1)),
      'no such limiter refused anything',
    );
  const faults = faultsOf(format, first, now_s);
  return judge(
    faults.length === 0,
    expected,
    faults.length === 0 ? 'as documented' : faults.join('; '),
    exchangeOf(flooded, first),
    faults.length === 0 ? undefined : 'nginx answers with its own page unless error_page says otherwise',
  );
}

/** The refusals of one route. */
export interface RouteFlood {
  readonly route: string;
  readonly flooded: Flooded;
}

/** Judges whether every refusal of every route has one status. Routes that refused nothing have no say, unless all did not. */
export function judgeStatuses(status: number, routes: readonly RouteFlood[]): Outcome {
  const expected = `every refusal is a ${String(status)}`;
  const rows = routes.map(({ route, flooded }) => {
    const { refused, lost } = sort(flooded);
    return { route, flooded, refused, lost, wrong: [...refused, ...lost].filter((seen) => seen.status !== status) };
  });
  const observed = rows.map(({ route, flooded }) => `${route}: ${counts(flooded.observations)}`).join('; ');
  const proof: Evidence[] = [
    {
      kind: 'table',
      title: 'answers by route',
      columns: ['route', 'answers'],
      rows: rows.map(({ route, flooded }) => [route, counts(flooded.observations)]),
    },
    ...rows
      .slice(0, 6)
      .flatMap(({ flooded, wrong }) => exchangeOf(flooded, wrong[0]))
      .slice(0, 2),
  ];
  const wrong = rows.filter((row) => row.wrong.length > 0);
  if (rows.every(({ refused, lost }) => refused.length + lost.length === 0))
    return judge(false, expected, observed, proof, 'nothing was refused on any route');
  return judge(
    wrong.length === 0,
    expected,
    observed,
    proof,
    wrong.length === 0
      ? undefined
      : `limit_req_status is not in force on ${wrong.map(({ route }) => route).join(', ')}`,
  );
}

/** Judges the error log of a flood: one line for each refusal, with zone, client and level. */
export function judgeLog(
  promised: { readonly level: string; readonly linesPerRefusal: number },
  flooded: Flooded,
  lines: readonly string[],
  address: string,
): Outcome {
  const { refused } = sort(flooded);
  const telling = lines.filter(
    (line) =>
      line.includes(`[${promised.level}]`) &&
      line.includes('limiting requests') &&
      /zone "[^"]+"/.test(line) &&
      line.includes(`client: ${address},`),
  );
  const wanted = refused.length * promised.linesPerRefusal;
  const expected = `${String(promised.linesPerRefusal)} line at level ${promised.level} for each refusal, with zone and client`;
  const observed = `${String(refused.length)} refusals, ${String(telling.length)} such lines`;
  return judge(refused.length > 0 && telling.length === wanted, expected, observed, [
    {
      kind: 'log',
      title: 'error log, lines of this client',
      lines: lines.length > 4 ? [...lines.slice(0, 3), `… and ${String(lines.length - 3)} more`] : lines,
    },
    ...exchangeOf(flooded, refused[0]),
  ]);
}

/**
 * Lines in which nginx says that it made a request of this client wait for its
 * turn. A slow machine delays requests too, but nginx does not know of that.
 */
export async function delaysOf(gateway: Gateway, address: string): Promise<string[]> {
  return (await gateway.errorLog('delaying request')).filter((line) => line.includes(`client: ${address},`));
}

/** Judges that accepted requests of a flood were served at once, by what nginx says it held back. */
export function judgeUndelayed(flooded: Flooded, delays: readonly string[], name: string): Outcome {
  const took = sort(flooded).accepted.flatMap(({ sent_ms, done_ms }) => (sent_ms === null ? [] : [done_ms - sent_ms]));
  const longest_ms = Math.round(Math.max(0, ...took));
  return judge(
    delays.length === 0,
    `${name}: no request is made to wait for its turn`,
    delays.length === 0
      ? `${name}: none was made to wait`
      : `${name}: ${String(delays.length)} requests were made to wait; the longest of an accepted one was ${String(longest_ms)} ms`,
    delays.length === 0 ? [] : [{ kind: 'log', title: 'error log', lines: delays.slice(0, 3) }],
    'without nodelay, or beyond delay=, limit_req holds back what is above the rate instead of serving it',
  );
}
