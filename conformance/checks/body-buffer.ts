import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { rawHead, rawStatus } from './raw-request.ts';

/** How long the last byte of each body is held back, ms: a request that is forwarded before has been forwarded early. */
const PAUSE_MS = 1_200;

/** Prefixes of both pools. */
const PREFIXES = ['/api/v1/limits/', '/api/v1/admin/limits/'];

/** One body that was sent with a pause before its last byte. */
export interface HeldBody {
  readonly prefix: string;
  readonly bytes: number;
  readonly status: number | undefined;
  /** Lines of the error log that tell of a temporary file for this body. */
  readonly files: readonly string[];
  /** The backend heard of the request before its last byte was sent. */
  readonly early: boolean;
}

/** nginx tells of each body that it puts into a file at level warn. */
const FILE_TOLD = 'client request body is buffered to a temporary file';

/** Sends a body of each size to each pool, its last byte late, over a gateway that logs where it keeps bodies. */
export async function bodyMemory(context: CaseContext, sizes: readonly number[]): Promise<readonly HeldBody[]> {
  const { gateway } = await context.replica({
    backends: 'shared',
    // Whatever the variant logs: this case needs the warnings.
    edit: (_path, text) => text.replace(/^(\s*error_log\s+\S+)[^;]*;/gm, '$1 warn;'),
  });
  const plan = PREFIXES.flatMap((prefix) => sizes.map((bytes) => ({ prefix, bytes })));
  return Promise.all(
    plan.map(async ({ prefix, bytes }) => {
      const client = context.clientFor(prefix, gateway);
      const mark = marker('held');
      const head = rawHead(client, {
        method: 'POST',
        path: `${prefix}${mark}`,
        lines: ['content-type: application/octet-stream', `content-length: ${String(bytes)}`],
      });
      const began = Date.now();
      const seen = await client.raw({
        writes: [
          { after_ms: 0, utf8: head },
          { after_ms: 0, utf8: 'b', repeat: bytes - 1 },
          { after_ms: PAUSE_MS, utf8: 'b' },
        ],
        until: 'first-byte',
        timeout_ms: 20_000,
      });
      const arrivals = (await context.arrivals(mark)).filter(({ service }) => service !== 'auth');
      const files = (await gateway.errorLog(mark)).filter((line) => line.includes(FILE_TOLD));
      const early = arrivals.some(({ at }) => at < began + PAUSE_MS);
      return { prefix, bytes, status: rawStatus(seen.received_base64), files, early };
    }),
  );
}

/** The small body stays in memory, the large one has a file, and no backend is asked before a body is complete. */
export function judgeBodyMemory(buffer: number, held: readonly HeldBody[]): Outcome {
  const expected = `a body within ${String(buffer)} bytes in memory, a larger one in a file, no backend asked before the last byte`;
  const wrong = held.filter(
    ({ bytes, files, early, status }) => early || status !== 200 || files.length > 0 !== bytes > buffer,
  );
  return judge(wrong.length === 0, expected, (wrong.length === 0 ? held : wrong).map(words).join('; '), [
    {
      kind: 'table',
      title: 'bodies whose last byte came late',
      columns: ['path', 'body bytes', 'kept in', 'forwarded early', 'status'],
      rows: held.map(({ prefix, bytes, files, early, status }) => [
        prefix,
        bytes,
        place(files),
        early ? 'yes' : 'no',
        status ?? 0,
      ]),
    },
    { kind: 'log', title: 'error log', lines: held.flatMap(({ files }) => files).slice(0, 2) },
  ]);
}

const place = (files: readonly string[]): string => (files.length > 0 ? 'a file' : 'memory');

function words({ prefix, bytes, files, early, status }: HeldBody): string {
  const forwarded = early ? ', forwarded before it was complete' : '';
  return `${String(bytes)} bytes to ${prefix}: in ${place(files)}${forwarded}${status === 200 ? '' : `, status ${String(status ?? 'none')}`}`;
}
