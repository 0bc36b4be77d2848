import { bodyText, header } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { mixed } from '../gateway.ts';
import type { Planned } from '../gateway.ts';
import { inconclusive } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { judged, listed, outcomeOf, table } from './exchange.ts';
import { rowName, rowProof } from './answer-matrix.ts';
import type { MatrixRow } from './answer-matrix.ts';
import { isJson, jsonObject, mediaType } from './local-answers.ts';

/** The member at a dotted path of a JSON value, or undefined. */
export function member(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, name) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined),
      value,
    );
}

/** What keeps an error body from the contract: no JSON, a member missing, success that is not false, text that is empty. */
export function contractFaults(seen: HttpObservation, fields: readonly string[]): string[] {
  if (seen.status === null) return [outcomeOf(seen)];
  if (!isJson(seen)) return [`${mediaType(header(seen, 'content-type')) || 'no type'} instead of JSON`];
  const body = jsonObject(seen);
  if (!body) return ['not JSON although declared so'];
  return fields.flatMap((field) => {
    const value = member(body, field);
    if (value === undefined) return [`no ${field}`];
    if (field === 'success') return value === false ? [] : ['success is not false'];
    return typeof value === 'string' && value !== '' ? [] : [`${field} is no text`];
  });
}

/** Judges error bodies of the gateway's own: all have the contract's members. */
export function judgeContract(rows: readonly MatrixRow[], fields: readonly string[]): Outcome {
  const faulty = rows
    .map((row) => ({ row, faults: contractFaults(row.seen, fields) }))
    .filter(({ faults }) => faults.length > 0);
  return judged(
    rows.length > 0 && faulty.length === 0,
    `every error of the gateway is JSON with ${fields.join(', ')}`,
    faulty.length === 0
      ? `one format for ${listed(rows.map(rowName), 20)}`
      : `${String(faulty.length)} of ${String(rows.length)} differ: ${listed(
          faulty.map(({ row, faults }) => `${rowName(row)}: ${faults.join(', ')}`),
          10,
        )}`,
    [
      table(
        'error bodies',
        ['provoked by', 'answer', 'Content-Type', 'body begins'],
        rows.map((row) => [
          row.cause,
          rowName(row),
          header(row.seen, 'content-type') ?? 'none',
          bodyText(row.seen).slice(0, 60),
        ]),
      ),
      ...faulty.slice(0, 1).flatMap(({ row }) => rowProof(row)),
    ],
    'nginx answers with its built-in HTML pages unless error_page names another answer',
  );
}

/** Longer than the buffer for one header line. characters */
const LONG_HEADER = 12_000;

/** Errors of the gateway's own that the matrix of answers has no row for: they only matter to the format. */
export async function furtherErrors(context: CaseContext): Promise<MatrixRow[]> {
  const requests: Planned[] = [
    { path: '/static/app.js', method: 'POST' },
    { path: '/api/v1/x', headers: { 'x-long': 'a'.repeat(LONG_HEADER) } },
    { path: '/api/v1/x', plain: 443 },
  ];
  const plan = requests.map((request) => ({ ...request, client: context.client() }));
  const seen = await mixed(context.session.vantage, plan);
  return plan.map(({ client, ...request }, index) => {
    const one = seen[index];
    if (!one) throw new Error('the agent returned too few observations');
    return { cause: 'malformed', path: request.path, seen: one, client, request };
  });
}

/** A promise about certain statuses is open while one of them could not be provoked, unless it is broken anyway. */
export function forEvery(statuses: readonly number[], rows: readonly MatrixRow[], judgement: Outcome): Outcome {
  const absent = statuses.filter((status) => !rows.some(({ seen }) => seen.status === status));
  if (absent.length === 0 || judgement.verdict !== 'conforms') return judgement;
  return inconclusive(
    judgement.expected,
    `no answer with ${absent.join(', ')} could be provoked; the others: ${judgement.observed}`,
    'nothing is known about a status that no answer had',
    judgement.evidence,
  );
}

/** What a refusal for one's rate has to carry. */
export interface RefusalContract {
  readonly status: number;
  /** Header → value; numbers are compared as numbers. */
  readonly headers: Readonly<Record<string, string | number>>;
}

/** What keeps a refusal from its contract; the body needs the JSON error and a hint when to try again. */
export function refusalFaults(seen: HttpObservation, { status, headers }: RefusalContract): string[] {
  const body = jsonObject(seen);
  const hint = member(body, 'error.retryAfter') ?? member(body, 'retryAfter');
  return [
    ...(seen.status === status ? [] : [`status ${outcomeOf(seen)}`]),
    ...Object.entries(headers).flatMap(([name, wanted]) => {
      const value = header(seen, name);
      if (value === undefined) return [`no ${name}`];
      const same = typeof wanted === 'number' ? Number(value) === wanted : mediaType(value) === wanted;
      return same ? [] : [`${name} ${value}`];
    }),
    ...(body ? [] : ['body is no JSON']),
    ...(body && contractFaults(seen, ['success', 'error.code', 'error.message']).length > 0
      ? ['body is not the documented error']
      : []),
    ...(body && typeof hint !== 'number' ? ['no retryAfter in the body'] : []),
  ];
}
