import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import type { Gateway } from '../gateway.ts';
import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { linesOf } from './access-log.ts';

/** Personal data that one request carried, by what they are, and the log lines that hold them. */
export interface Told {
  readonly what: string;
  readonly value: string;
  readonly lines: readonly string[];
}

/** More at once than any burst of the admin API that the documents name: some are refused. */
const FLOOD = 16;
const CONNECTIONS = 4;

/** What one gateway wrote about requests with personal data. */
export interface Privacy {
  /** Line of the ordinary request in the access log. */
  readonly line: string | undefined;
  readonly told: readonly Told[];
  /** Statuses of all requests: some have to be refused, and some to fail. */
  readonly statuses: readonly (number | null)[];
}

/**
 * Sends requests with personal data in their query (and their Referer, when
 * wanted) to a gateway of the case's own: one that is served, some that are
 * refused, one whose backends fail; and searches every log for the data.
 */
export async function personalData(context: CaseContext, withReferer: boolean): Promise<Privacy> {
  const { gateway } = await context.replica({ backends: 'shared' });
  const client = context.client('operators', gateway);
  const mark = marker('pii');
  const id = mark.replaceAll('-', '');
  const secrets = [
    { what: 'token in the query', value: `tok${id}` },
    { what: 'e-mail address in the query', value: `jane.${id}@example.org` },
    ...(withReferer
      ? [
          { what: 'token in the Referer', value: `ref${id}` },
          { what: 'e-mail address in the Referer', value: `john.${id}@example.org` },
        ]
      : []),
    { what: 'client address', value: client.address },
  ];
  const value = (what: string): string => secrets.find((secret) => secret.what === what)?.value ?? '';
  const query = `?token=${value('token in the query')}&email=${value('e-mail address in the query')}`;
  const referer = `https://www.insightserenity.com/reset?token=${value('token in the Referer')}&email=${value('e-mail address in the Referer')}`;
  const headers = withReferer ? { headers: { referer } } : {};
  const seen = await client.all([
    { path: `/api/v1/private/${mark}${query}`, ...headers },
    { path: `/api/v1/failing/${id}${query}`, ...headers, behave: { reset: true } },
    ...Array.from({ length: FLOOD }, (_, index) => ({
      path: `/api/v1/admin/refused/${id}${query}`,
      connection: `flood-${String(index % CONNECTIONS)}`,
      ...headers,
    })),
  ]);
  const [[line] = []] = await linesOf(gateway, [{ needles: [mark], wanted: 1 }]);
  const told = await Promise.all(
    secrets.map(async (secret) => ({ ...secret, lines: await linesWith(gateway, secret.value) })),
  );
  return { line: line?.toString('utf8'), told, statuses: seen.map(({ status }) => status) };
}

/** Lines of any log of the gateway that contain a text as a whole: an address is a part of longer ones. */
async function linesWith(gateway: Gateway, text: string): Promise<string[]> {
  const { stdout } = await gateway.exec(['grep', '-rahF', '--', text, '/var/log/nginx']);
  const whole = new RegExp(`(?<![\\d.])${text.replaceAll('.', '\\.')}(?!\\d)`);
  return stdout.split('\n').filter((one) => whole.test(one));
}

/** None of the data stands in a log. */
export function judgePrivacy({ line, told, statuses }: Privacy): Outcome {
  const plain = told.filter(({ lines }) => lines.length > 0);
  const expected = `none of these in any log: ${told.map(({ what }) => what).join(', ')}`;
  const proof = [
    { kind: 'log' as const, title: 'the line of the request that was served', lines: line === undefined ? [] : [line] },
    {
      kind: 'log' as const,
      title: 'lines that hold the data',
      lines: [...new Set(plain.flatMap(({ lines }) => lines))].slice(0, 4),
    },
  ];
  const refused = statuses.includes(429) && statuses.some((status) => (status ?? 0) >= 500);
  if (line === undefined && plain.length === 0)
    return inconclusive(expected, 'the request left no line at all', 'the access log is off or elsewhere');
  if (!refused && plain.length === 0)
    return inconclusive(expected, 'none of them found', 'no request was refused or failed, which the error log tells');
  return judge(
    plain.length === 0,
    expected,
    plain.length === 0 ? 'none of them found' : `in plain text: ${plain.map(({ what }) => what).join(', ')}`,
    proof,
    'log formats and the error log write request target, Referer and client address as they came',
  );
}
