import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { judged, listed, table } from './exchange.ts';

/** Stands after each answer; no text of metrics has such a line. */
const END = '--gateproof-end--';

/** Text that each URL gives to the monitoring, and its status (0: no connection). One command fetches them all. */
export async function scrape(
  context: CaseContext,
  urls: readonly string[],
): Promise<{ readonly url: string; readonly status: number; readonly text: string }[]> {
  if (urls.length === 0) return [];
  const print = `\\n%{http_code}\\n${END}\\n`;
  const { stdout } = await context.exec('monitoring-1', [
    'curl',
    '-sSk',
    '--max-time',
    '5',
    '--write-out',
    print,
    ...urls,
  ]);
  const answers = stdout.split(`\n${END}\n`);
  return urls.map((url, index) => {
    const answer = answers[index] ?? '';
    const end = answer.lastIndexOf('\n');
    return { url, status: Number(answer.slice(end + 1)), text: answer.slice(0, Math.max(0, end)) };
  });
}

/** Names of the series in a text of metrics; those of a histogram also without its endings. */
export function seriesNames(text: string): Set<string> {
  const names = [...text.matchAll(/^([a-zA-Z_:][\w:]*)[{ ]/gm)].map(([, name = '']) => name);
  const declared = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
  return new Set([...names, ...names.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')), ...declared]);
}

/** Sum over all labels of a counter in a text of metrics; undefined when it has no series. */
export function total(text: string, name: string): number | undefined {
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([-+.\\deE]+)`, 'gm'))].map(([, value]) =>
    Number(value),
  );
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

/** Judges that each address where Prometheus looks answers with metrics. */
export function judgeEndpoints(
  answers: readonly { readonly url: string; readonly status: number; readonly text: string }[],
  also: string,
): Outcome {
  const silent = answers.filter(({ status, text }) => status !== 200 || seriesNames(text).size === 0);
  return judged(
    answers.length > 0 && silent.length === 0,
    'metrics at every address of a backend that Prometheus scrapes',
    `${String(answers.length - silent.length)} of ${String(answers.length)} give metrics${silent.length === 0 ? '' : `; ${silent[0]?.url ?? ''}: ${silent[0]?.status === 0 ? 'no connection' : String(silent[0]?.status)}; ${also}`}`,
    [
      table(
        'addresses that Prometheus scrapes',
        ['address', 'status', 'series'],
        answers.map(({ url, status, text }) => [url, status === 0 ? 'no connection' : status, seriesNames(text).size]),
      ),
    ],
    'the service publishes metrics on the port that it serves, and Prometheus looks at another one',
  );
}

/** Judges that the named series are all there. */
export function judgeNames(
  wanted: readonly string[],
  texts: readonly { readonly from: string; readonly text: string }[],
  reason?: string,
): Outcome {
  const sources = texts.map(({ from, text }) => ({ from, names: seriesNames(text) }));
  const missing = wanted.filter((name) => !sources.some(({ names }) => names.has(name)));
  return judged(
    missing.length === 0,
    `published: ${wanted.join(', ')}`,
    missing.length === 0
      ? `all ${String(wanted.length)} are`
      : `${String(missing.length)} are not: ${listed(missing, 9)}`,
    [
      table(
        'where each series was found',
        ['series', 'found at'],
        wanted.map((name) => [
          name,
          sources
            .filter(({ names }) => names.has(name))
            .map(({ from }) => from)
            .join(', ') || 'nowhere',
        ]),
      ),
    ],
    reason,
  );
}
