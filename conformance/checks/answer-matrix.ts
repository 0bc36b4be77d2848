import type { ConfigEdit } from '../../environments/harness/types.ts';
import { header, headersNamed, bodyText } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { mixed } from '../gateway.ts';
import type { Client, Planned } from '../gateway.ts';
import { inconclusive } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { judged, listed, outcomeOf, proof, table } from './exchange.ts';
import type { Evidence } from '../../reports/record/types.ts';

/** How an answer came about. */
export type Cause =
  | 'proxied'
  | 'socket'
  | 'redirect'
  | 'local'
  | 'unmatched'
  | 'forbidden'
  | 'malformed'
  | 'no-token'
  | 'too-large'
  | 'uri-too-long'
  | 'rate-exceeded'
  | 'connections-exceeded'
  | 'backend-reset'
  | 'backend-silent'
  | 'static'
  | 'plain-redirect';

/** One answer of the matrix of routes and status classes. */
export interface MatrixRow {
  readonly cause: Cause;
  /** Path as it was asked for. */
  readonly path: string;
  readonly seen: HttpObservation;
  readonly client?: Client;
  readonly request?: Planned;
}

interface Plan {
  readonly cause: Cause;
  readonly client: Client;
  readonly request: Planned;
}

const JSON_TYPE = { 'content-type': 'application/json' };
/** Larger than any limit on bodies; only announced, for the gateway has to answer before the body. bytes */
const ENORMOUS_BYTES = 2 ** 30;
/** Longer than any limit on request lines. characters */
const LONG_PATH = `/api/v1/${'long-'.repeat(4000)}`;
/** How long a silent backend is waited for on the replica. s */
const SILENCE_S = 1;
/** Rounds of requests until a limit refuses one. */
const FLOOD_ROUNDS = 4;
const API = '/api/v1/x';
const ADMIN = '/api/v1/admin/x';
/** The tree of the admin API without its slash. */
const ADMIN_ROOT = '/api/v1/admin';
const SOCKET = '/ws';

/**
 * Answers of every route in every status class that can be provoked from
 * outside: once for each process, for the cases that look at one property of
 * all of them. Backend failures happen on a gateway of their own.
 */
export function answerMatrix(context: CaseContext): Promise<readonly MatrixRow[]> {
  return context.session.once('the answer matrix', () => provoke(context));
}

async function provoke(context: CaseContext): Promise<readonly MatrixRow[]> {
  const parts = [send(context, ordinary(context)), handshakes(context), refusals(context), backendFailures(context)];
  return (await Promise.all(parts)).flat();
}

/** Answers that need neither load nor a broken backend. */
function ordinary(context: CaseContext): Plan[] {
  const of = (
    cause: Cause,
    path: string,
    options: Omit<Planned, 'path'> = {},
    client = context.clientFor(path),
  ): Plan => ({
    cause,
    client,
    request: { path, ...options },
  });
  const oversized = { method: 'POST', headers: { ...JSON_TYPE, 'content-length': String(ENORMOUS_BYTES) } };
  return [
    ...[API, ADMIN].flatMap((path) => [200, 404, 500].map((status) => of('proxied', path, { behave: { status } }))),
    of('socket', SOCKET),
    of('redirect', ADMIN_ROOT),
    of('local', '/'),
    of('local', '/health'),
    of('static', '/static/app.js'),
    of('unmatched', '/no-such-path'),
    of('forbidden', '/nginx_status', {}, context.client()),
    of('malformed', API, { headers: { host: 'not a host' } }),
    of('no-token', ADMIN, { headers: { 'x-admin-token': null } }),
    of('too-large', API, oversized),
    of('too-large', ADMIN, oversized),
    of('uri-too-long', LONG_PATH),
    of('plain-redirect', '/anything', { plain: true }),
  ];
}

/** A handshake's answer, as far as an answer over HTTP has the same parts. */
async function handshakes(context: CaseContext): Promise<MatrixRow[]> {
  const { id, intended_ms, sent_ms, done_ms, localPort, status, headers, error } = await context
    .client()
    .websocket(SOCKET);
  const bodyless = { firstByte_ms: null, body_base64: '', bodyBytes: 0, bodySha256: '', closedByPeer: false };
  const seen = { id, intended_ms, sent_ms, done_ms, localPort, status, headers, ...bodyless };
  return [{ cause: 'socket', path: SOCKET, seen: { ...seen, kind: 'http', ...(error ? { error } : {}) } }];
}

/** Answers to too many requests: in a row, and at a time. */
async function refusals(context: CaseContext): Promise<MatrixRow[]> {
  const flood = async (path: string, count: number): Promise<MatrixRow[]> => {
    const client = context.clientFor(path);
    const plans = Array.from({ length: count }, (_, index): Plan => ({
      cause: 'rate-exceeded',
      client,
      request: { path, preconnect: true, connection: `flood-${String(index % 5)}` },
    }));
    // A machine that is very busy sends a round no faster than the limit refills; the next one then exceeds it.
    for (let round = 1; round < FLOOD_ROUNDS; round += 1) {
      const refusal = firstRefusal(await send(context, plans));
      if (refusal.length > 0) return refusal;
    }
    return firstRefusal(await send(context, plans));
  };
  const crowd = (path: string): Plan[] => {
    const client = context.clientFor(path);
    return Array.from({ length: 16 }, () => ({
      cause: 'connections-exceeded',
      client,
      request: { path, preconnect: true, behave: { delay_ms: 400 } },
    }));
  };
  const [api, admin, many] = await Promise.all([flood(API, 48), flood(ADMIN, 24), send(context, crowd(API))]);
  return [...api, ...admin, ...firstRefusal(many)];
}

/** The first answer that is no success stands for its series; without one, nothing was provoked. */
export function firstRefusal(rows: readonly MatrixRow[]): MatrixRow[] {
  const refusal = rows.find(({ seen }) => seen.status === null || seen.status >= 400);
  return refusal ? [refusal] : [];
}

/**
 * One patience for every route, wherever the configuration sets one or leaves it to
 * nginx. The authentication request keeps its own: were its service slow, every answer
 * would be 500.
 */
const impatient: ConfigEdit = (path, text) => {
  if (path.includes('auth')) return text;
  const without = text.replaceAll(/\bproxy_read_timeout\s[^;]*;/g, '');
  return path === 'nginx.conf'
    ? without.replace(/^http\s*\{/m, `$&\n    proxy_read_timeout ${String(SILENCE_S)}s;`)
    : without;
};

/** Answers while backends fail: connections reset, and silence until the gateway's patience ends. */
async function backendFailures(context: CaseContext): Promise<MatrixRow[]> {
  const hasBackends = context.session.topology.services.some(({ role }) => role === 'app');
  await using replica = await context.session.startReplica({
    backends: hasBackends ? 'shared' : 'private',
    edit: impatient,
  });
  const plans = [API, ADMIN].flatMap((path): Plan[] => [
    {
      cause: 'backend-reset',
      client: context.clientFor(path, replica.gateway),
      request: { path, behave: { reset: true } },
    },
    // A request that may not be repeated, so that one silence is enough.
    {
      cause: 'backend-silent',
      client: context.clientFor(path, replica.gateway),
      request: { path, method: 'POST', headers: JSON_TYPE, body: '{"a":1}', behave: { hang: true } },
    },
  ]);
  return await send(context, plans);
}

async function send(context: CaseContext, plans: readonly Plan[]): Promise<MatrixRow[]> {
  const observations = await mixed(
    context.session.vantage,
    plans.map(({ client, request }) => ({ client, ...request })),
  );
  return plans.map(({ cause, client, request }, index) => {
    const seen = observations[index];
    if (!seen) throw new Error('the agent returned too few observations');
    return { cause, path: request.path, seen, client, request };
  });
}

/** A row in words: what was asked and what came back. */
export function rowName({ path, seen }: Pick<MatrixRow, 'path' | 'seen'>): string {
  return `${outcomeOf(seen)} ${path.length > 40 ? `${path.slice(0, 24)}…` : path}`;
}

/** Values that a header must have, by name; `undefined` asks for any value. */
export type WantedHeaders = Readonly<Record<string, string | undefined>>;

/** What is wrong with one header of an answer: absent, doubled, or another value. */
export function headerFault(
  seen: Pick<HttpObservation, 'headers'>,
  name: string,
  wanted: string | undefined,
): string | undefined {
  const values = headersNamed(seen, name);
  if (values.length === 0) return 'missing';
  if (values.length > 1) return `${String(values.length)} times (${values.join(' | ')})`;
  return wanted === undefined || values[0] === wanted ? undefined : `is ${values[0] ?? ''}`;
}

/** Judges headers over all rows: each must occur once on each answer, with its value. */
export function judgeHeaders(
  expected: string,
  rows: readonly MatrixRow[],
  wanted: WantedHeaders,
  mechanism?: string,
): Outcome {
  const faults = rows.flatMap((row) =>
    (row.seen.status === null ? [] : Object.entries(wanted)).flatMap(([name, value]) => {
      const fault = headerFault(row.seen, name, value);
      return fault === undefined ? [] : [{ row, name, fault }];
    }),
  );
  // Whatever kept an answer from coming, it says nothing of its headers.
  const silent = rows.filter(({ seen }) => seen.status === null);
  const byFault = Map.groupBy(faults, ({ name, fault }) => `${name} ${fault}`);
  const observed = [...byFault].map(
    ([what, group]) =>
      `${what} on ${listed(
        group.map(({ row }) => rowName(row)),
        3,
      )}`,
  );
  const evidence = [headersTable(rows, wanted), ...faults.slice(0, 1).flatMap(({ row }) => rowProof(row))];
  if (faults.length === 0 && silent.length > 0)
    return inconclusive(expected, listed(silent.map(rowName)), 'not every answer could be provoked', evidence);
  return judged(
    faults.length === 0 && rows.length > 0,
    expected,
    faults.length === 0
      ? `as promised on ${String(rows.length)} answers: ${listed(rows.map(rowName), 20)}`
      : listed(observed, 5),
    evidence,
    mechanism,
  );
}

function headersTable(rows: readonly MatrixRow[], wanted: WantedHeaders): Evidence {
  const names = Object.keys(wanted);
  return table(
    'headers by answer: ok, or what is wrong',
    ['provoked by', 'answer', ...names],
    rows.map((row) => [
      row.cause,
      rowName(row),
      ...names.map((name) => headerFault(row.seen, name, wanted[name]) ?? 'ok'),
    ]),
  );
}

/** The exchange of a row, unless it is too long to show. */
export function rowProof({ client, request, seen, path }: MatrixRow): Evidence[] {
  return client && request ? [proof({ probe: { client, ...request, path }, path, seen })] : [];
}

/** What tells a version of nginx in an answer; undefined when nothing does. */
export function versionTold(seen: HttpObservation): string | undefined {
  const text = [...seen.headers.map(([, value]) => value), bodyText(seen)].find((part) => /nginx\/\d/i.test(part));
  return text === undefined ? undefined : /nginx\/[\d.]+/i.exec(text)?.[0];
}

/** The Server line of an answer, or nothing. */
export function serverLine(seen: HttpObservation): string | undefined {
  return header(seen, 'server');
}
