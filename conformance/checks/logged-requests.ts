import type { Evidence } from '../../reports/record/types.ts';
import { header } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { marker, mixed } from '../gateway.ts';
import type { Client, RequestOptions } from '../gateway.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { jsonLine, lineFaults, linesOf } from './access-log.ts';
import { rawHead } from './raw-request.ts';

/** One kind of request whose line in the access log is looked for. */
export interface Kind {
  readonly name: string;
  /** Sends it with the mark in its target, from this client, and returns what is known of each exchange. */
  readonly send: (client: Client, mark: string) => Promise<readonly Sent[]>;
  /** Block of the client's address. */
  readonly from?: 'clients' | 'operators';
  /** Requests that it sends; one when absent. */
  readonly count?: number;
}

/** What a line has to say of its exchange, where it is known. */
export interface Sent {
  readonly status: number | null;
  readonly method?: string;
  readonly uri?: string;
  /** Length of the body, when the answer announced it. */
  readonly body_bytes_sent?: number;
}

/** What the log has of one kind. */
export interface Logged {
  readonly name: string;
  readonly sent: readonly Sent[];
  readonly wanted: number;
  readonly lines: readonly Buffer[];
}

const plain = (name: string, path: (mark: string) => string, options: RequestOptions = {}): Kind => ({
  name,
  send: async (client, mark) => {
    const seen = await client.request(path(mark), options);
    return [sentOf(path(mark), options, seen)];
  },
});

/** What an exchange tells about its line. A body without an announced length is sent in pieces, which the log counts too. */
function sentOf(uri: string, { method = 'GET' }: RequestOptions, seen: HttpObservation): Sent {
  const announced = header(seen, 'content-length') !== undefined;
  return { status: seen.status, method, uri, ...(announced ? { body_bytes_sent: seen.bodyBytes } : {}) };
}

const raw = (name: string, bytes: (client: Client, mark: string) => Buffer): Kind => ({
  name,
  send: async (client, mark) => {
    const seen = await client.raw({
      writes: [{ after_ms: 0, base64: bytes(client, mark).toString('base64') }],
      until: 'first-byte',
      timeout_ms: 15_000,
    });
    const status = /^HTTP\/1\.1 (\d{3})/.exec(Buffer.from(seen.received_base64, 'base64').toString('latin1'))?.[1];
    return [{ status: status === undefined ? null : Number(status) }];
  },
});

/** Bytes of a header value that a careless log format lets break its line. */
const hostile = (name: string, value: string): Kind =>
  raw(name, (client, mark) =>
    Buffer.from(
      rawHead(client, {
        path: `/api/v1/log/${mark}`,
        headers: { 'user-agent': value, referer: value, connection: 'close' },
      }),
      'latin1',
    ),
  );

/** One request more than any burst that the admin API is documented to take: some are refused. */
const FLOOD = 14;

/** Ordinary, failed, refused and malformed requests. */
export const ORDINARY: readonly Kind[] = [
  plain('200 of a backend', (mark) => `/api/v1/log/${mark}`),
  plain('500 of a backend', (mark) => `/api/v1/log/${mark}`, { behave: { status: 500 } }),
  plain('answer of the gateway', (mark) => `/?m=${mark}`),
  plain('unknown path', (mark) => `/nowhere/${mark}`),
  plain('file of the gateway', (mark) => `/static/app.js?m=${mark}`),
  plain('deletion', (mark) => `/api/v1/log/${mark}`, { method: 'DELETE' }),
  {
    name: 'WebSocket session',
    send: async (client, mark) => {
      const uri = `/ws?m=${mark}`;
      const { status } = await client.websocket(uri, { messages: [{ after_ms: 0, text: 'hello' }] });
      return [{ status, method: 'GET', uri }];
    },
  },
  raw('body too large', (client, mark) =>
    Buffer.from(
      rawHead(client, { method: 'POST', path: `/api/v1/log/${mark}`, lines: [`content-length: ${String(2 ** 30)}`] }),
    ),
  ),
  raw('URI too long', (client, mark) =>
    Buffer.from(
      rawHead(client, {
        path: `/api/v1/log/${mark}?q=${'a'.repeat(8_200 - mark.length)}`,
        headers: { connection: 'close' },
      }),
    ),
  ),
  raw('no Host', (client, mark) =>
    Buffer.from(rawHead(client, { path: `/api/v1/log/${mark}`, headers: { host: null, connection: 'close' } })),
  ),
  {
    name: 'more than the rate allows',
    from: 'operators',
    count: FLOOD,
    send: async (client, mark) => {
      const path = `/api/v1/admin/log/${mark}`;
      const seen = await client.all(
        Array.from({ length: FLOOD }, (_, index) => ({ path, connection: String(index % 3) })),
      );
      return seen.map(({ status }) => ({ status, method: 'GET', uri: path }));
    },
  },
];

/** Header values that a careless log format lets break its lines. */
export const HOSTILE: readonly Kind[] = [
  hostile('quotes and backslashes', 'a"b\\c\\"},{"x":"'),
  hostile('control bytes', 'a\u0001b\tc\u001bd'),
  hostile('bytes that are no UTF-8', 'a\u00ffb\u00c3('),
];

/** Probes of monitoring systems, which have no room for a mark but in the query. */
export const PROBES: readonly Kind[] = [
  plain('/health', (mark) => `/health?m=${mark}`),
  { ...plain('/nginx_status', (mark) => `/nginx_status?m=${mark}`), from: 'operators' },
];

/** Sends each kind from a client of its own and collects the lines that the gateway wrote. */
export async function loggedRequests(context: CaseContext, kinds: readonly Kind[]): Promise<Logged[]> {
  const asked = await Promise.all(
    kinds.map(async ({ name, send, from = 'clients', count = 1 }) => {
      const client = context.client(from);
      const mark = marker('log');
      // A URI that is too long is not logged, so that only the address tells the request.
      return { name, count, needles: [mark, `"${client.address}"`], sent: await send(client, mark) };
    }),
  );
  const found = await linesOf(
    context.gateway,
    asked.map(({ needles, count }) => ({ needles, wanted: count })),
  );
  return asked.map(({ name, count, sent }, index) => ({ name, sent, wanted: count, lines: found[index] ?? [] }));
}

function statusesOf(sent: readonly Sent[]): string {
  return [...new Set(sent.map(({ status }) => String(status ?? 'no answer')))].join(', ');
}

/** Members whose value the exchange tells too. */
const TOLD = ['status', 'method', 'uri', 'body_bytes_sent'] as const;

/** Members of lines that say something else than the exchanges did; lines of several have no order. */
export function valueFaults({ sent, lines }: Pick<Logged, 'sent' | 'lines'>): string[] {
  const entries = lines.map((line) => jsonLine(line.toString('utf8')));
  if (entries.length !== sent.length || entries.includes(undefined)) return [];
  const sorted = (values: readonly unknown[]): string => values.map(String).toSorted().join(' ');
  return TOLD.flatMap((member) => {
    const known = sent.map((one) => one[member] ?? undefined);
    if (known.includes(undefined)) return [];
    const logged = entries.map((entry) => entry?.[member]);
    return sorted(known) === sorted(logged) ? [] : [`${member} ${String(logged[0])} instead of ${String(known[0])}`];
  });
}

/** The kinds and what was written about them. */
function logTable(logged: readonly Logged[]): Evidence {
  return {
    kind: 'table',
    title: 'requests and their lines in the access log',
    columns: ['request', 'status', 'sent', 'lines'],
    rows: logged.map(({ name, sent, wanted, lines }) => [name, statusesOf(sent), wanted, lines.length]),
  };
}

/** Every request has left a line. */
export function judgeAllLogged(logged: readonly Logged[], mechanism: string): Outcome {
  const silent = logged.filter(({ wanted, lines }) => lines.length < wanted);
  return judge(
    silent.length === 0,
    'every request leaves a line in the access log',
    silent.length === 0
      ? `${String(logged.length)} kinds of requests, all logged`
      : `no line for ${silent.map(({ name, sent }) => `${name} (${statusesOf(sent)})`).join(', ')}`,
    [logTable(logged)],
    silent.length === 0 ? undefined : mechanism,
  );
}

/** Every request has left exactly one line, and each is a JSON object with the promised members. */
export function judgeJsonLines(
  logged: readonly Logged[],
  fields: readonly string[],
  numeric: readonly string[],
): Outcome {
  const faults = logged.flatMap(({ name, wanted, sent, lines }) => [
    ...(lines.length === wanted ? [] : [`${name}: ${String(lines.length)} lines for ${String(wanted)} requests`]),
    ...[...new Set(lines.flatMap((line) => lineFaults(line, fields, numeric)))].map((fault) => `${name}: ${fault}`),
    ...valueFaults({ sent, lines }).map((fault) => `${name}: ${fault}`),
  ]);
  const broken = logged.flatMap(({ lines }) => lines).find((line) => lineFaults(line, fields, numeric).length > 0);
  return judge(
    faults.length === 0,
    `one line a request, each a JSON object of ${String(fields.length)} members that tell the exchange, with ${numeric.join(', ')} as numbers`,
    faults.length === 0
      ? `${String(logged.reduce((sum, { lines }) => sum + lines.length, 0))} lines, all of them valid`
      : faults.join('; '),
    [
      logTable(logged),
      ...(broken
        ? [
            {
              kind: 'log' as const,
              title: 'a line that is not valid (as Latin-1)',
              lines: [broken.toString('latin1').slice(0, 600)],
            },
          ]
        : []),
    ],
    faults.some((fault) => fault.endsWith('not UTF-8'))
      ? 'escape=json escapes quotes and control bytes; bytes above 0x7f pass as they are, UTF-8 or not'
      : undefined,
  );
}

/** What to send, and where each side is said to show the id. */
export interface ToJoin {
  readonly count: number;
  /** Header at the backend. */
  readonly header: string;
  /** Member of the gateway's line. */
  readonly field: string;
  /** Sent by the client with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A WebSocket session has to be found on both sides too. */
  readonly socket?: boolean;
}

/** Requests that backends answer, and one line for each: who wants to join them needs both. */
export async function joined(
  context: CaseContext,
  { count, header, field, headers = {}, socket = false }: ToJoin,
): Promise<Joined[]> {
  const mark = marker('join');
  const plan = Array.from({ length: count }, (_, index) => {
    const path = `/api/v1/${index % 2 === 0 ? '' : 'admin/'}join/${mark}-${String(index)}z`;
    return { client: context.clientFor(path), path, headers };
  });
  await mixed(context.session.vantage, plan);
  const session = `/ws?m=${mark}-wsz`;
  if (socket) await context.client().websocket(session, { messages: [{ after_ms: 0, text: 'hello' }] });
  const paths = [...plan.map(({ path }) => path), ...(socket ? [session] : [])];
  const marks = paths.map((path) => path.slice(path.indexOf(mark)));
  const [lines, arrivals] = await Promise.all([
    linesOf(
      context.gateway,
      marks.map((needle) => ({ needles: [needle], wanted: 1 })),
    ),
    context.arrivals(mark),
  ]);
  return paths.map((path, index) => {
    const arrival = arrivals.find(({ url, service }) => service !== 'auth' && url.includes(marks[index] ?? ''));
    const line = lines[index]?.[0];
    const gateway = line ? /"([^"]*)"/.exec(line.toString('latin1').split(`"${field}":`)[1] ?? '')?.[1] : undefined;
    const backend = arrival?.headers.find(([name]) => name.toLowerCase() === header.toLowerCase())?.[1];
    return { path, gateway, backend };
  });
}

/** The id of one request in the gateway's log and as the backend got it. */
export interface Joined {
  readonly path: string;
  readonly gateway: string | undefined;
  readonly backend: string | undefined;
}

/** Every request can be joined by its id, and no two have the same. */
export function judgeJoined(requests: readonly Joined[], header: string): Outcome {
  const apart = requests.filter(
    ({ gateway, backend }) => gateway === undefined || gateway === '' || gateway !== backend,
  );
  const unique = new Set(requests.map(({ gateway }) => gateway)).size === requests.length;
  return judge(
    apart.length === 0 && unique,
    `every request has one id, in the gateway's line and in the backend's ${header}`,
    apart.length === 0
      ? `${String(requests.length)} requests, ${unique ? 'each joined by an id of its own' : 'ids occur twice'}`
      : apart
          .map(
            ({ path, gateway, backend }) =>
              `${path.replace(/[?/][^?/]*$/, '')}: ${gateway ?? 'no line'} in the log, ${backend ?? `no ${header}`} at the backend`,
          )
          .slice(0, 3)
          .join('; '),
    [
      {
        kind: 'table',
        title: 'ids',
        columns: ['request', 'access log', header],
        rows: requests.slice(-6).map(({ path, gateway, backend }) => [path, gateway ?? 'no line', backend ?? 'absent']),
      },
    ],
    apart.some(({ path, backend }) => path.startsWith('/ws') && backend === undefined)
      ? `the location of /ws does not set ${header}`
      : undefined,
  );
}
