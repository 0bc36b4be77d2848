import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { linesOf } from './access-log.ts';

/** Personal data that one request carried, by what they are, and the log lines that hold them. */
export interface Told {
  readonly what: string;
  readonly value: string;
  readonly lines: readonly string[];
}

/** Sends a request with personal data in its query (and its Referer, when wanted), and searches every log of the gateway for them. */
export async function personalData(
  context: CaseContext,
  withReferer: boolean,
): Promise<{ readonly line: string | undefined; readonly told: readonly Told[] }> {
  const client = context.client();
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
  const path = `/api/v1/private/${mark}?token=${value('token in the query')}&email=${value('e-mail address in the query')}`;
  const referer = `https://www.insightserenity.com/reset?token=${value('token in the Referer')}&email=${value('e-mail address in the Referer')}`;
  const before = await linesWith(context, client.address);
  await client.request(path, withReferer ? { headers: { referer } } : {});
  const [[line] = []] = await linesOf(context.gateway, [{ needles: [mark], wanted: 1 }]);
  const told = await Promise.all(
    secrets.map(async (secret) => {
      const lines = await linesWith(context, secret.value);
      return { ...secret, lines: lines.filter((one) => !before.includes(one)) };
    }),
  );
  return { line: line?.toString('utf8'), told };
}

/** Lines of any log of the gateway that contain a text as a whole: an address is a part of longer ones. */
async function linesWith(context: CaseContext, text: string): Promise<string[]> {
  const { stdout } = await context.gateway.exec(['grep', '-rahF', '--', text, '/var/log/nginx']);
  const whole = new RegExp(`(?<![\\d.])${text.replaceAll('.', '\\.')}(?!\\d)`);
  return stdout.split('\n').filter((one) => whole.test(one));
}

/** None of the data stands in a log. */
export function judgePrivacy({ line, told }: Awaited<ReturnType<typeof personalData>>): Outcome {
  const plain = told.filter(({ lines }) => lines.length > 0);
  const expected = `none of these in any log: ${told.map(({ what }) => what).join(', ')}`;
  const proof = { kind: 'log' as const, title: 'the line of the request', lines: line === undefined ? [] : [line] };
  if (line === undefined && plain.length === 0)
    return inconclusive(expected, 'the request left no line at all', 'the access log is off or elsewhere');
  return judge(
    plain.length === 0,
    expected,
    plain.length === 0 ? 'none of them found' : `in plain text: ${plain.map(({ what }) => what).join(', ')}`,
    [proof],
    plain.length === 0 ? undefined : 'the log format writes request target, Referer and client address as they came',
  );
}
