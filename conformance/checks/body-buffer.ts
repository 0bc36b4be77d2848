import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { rawHead, rawStatus } from './raw-request.ts';

/** How long the last byte of each body is held back, ms. */
const PAUSE_MS = 1_500;

/** When the gateway is looked at: all but the last byte has arrived, ms after the start. */
const LOOK_MS = 900;

/** One body that was sent with a pause before its last byte. */
export interface HeldBody {
  readonly bytes: number;
  readonly status: number | undefined;
  /** Temporary files of bodies that the gateway had open during the pause. */
  readonly files: number;
  /** The backend heard of the request before its last byte was sent. */
  readonly early: boolean;
}

/** Sends a small and a large body one after the other and looks at the gateway's open files meanwhile. */
export async function bodyMemory(
  context: CaseContext,
  { small, large }: { readonly small: number; readonly large: number },
): Promise<readonly HeldBody[]> {
  const { gateway } = await context.replica({ backends: 'shared', workers: 1 });
  const held: HeldBody[] = [];
  for (const bytes of [small, large]) {
    const client = context.client('clients', gateway);
    const mark = marker('held');
    const head = rawHead(client, {
      method: 'POST',
      path: `/api/v1/limits/${mark}`,
      lines: ['content-type: application/octet-stream', `content-length: ${String(bytes)}`],
    });
    const began = Date.now();
    const looking = new Promise<void>((resolve) => setTimeout(resolve, LOOK_MS)).then(() => openBodies(gateway));
    const seen = await client.raw({
      writes: [
        { after_ms: 0, utf8: head },
        { after_ms: 0, utf8: 'b', repeat: bytes - 1 },
        { after_ms: PAUSE_MS, utf8: 'b' },
      ],
      until: 'first-byte',
      timeout_ms: 8_000,
    });
    const arrivals = (await context.arrivals(mark)).filter(({ service }) => service !== 'auth');
    held.push({
      bytes,
      status: rawStatus(seen.received_base64),
      files: await looking,
      early: arrivals.some(({ at }) => at < began + PAUSE_MS),
    });
  }
  return held;
}

/** nginx unlinks its temporary files at once; they live on as open descriptors of the worker. */
async function openBodies(gateway: { exec(argv: readonly string[]): Promise<{ stdout: string }> }): Promise<number> {
  const { stdout } = await gateway.exec(['sh', '-c', 'for p in $(pgrep nginx); do ls -l /proc/$p/fd; done 2>/dev/null']);
  return stdout.split('\n').filter((line) => /(body|client_temp)[^ ]*\/\d{5,}/.test(line)).length;
}

/** The small body stays in memory, the large one has a file, and no backend is asked before a body is complete. */
export function judgeBodyMemory(buffer: number, held: readonly HeldBody[]): Outcome {
  const [small, large] = held;
  const expected = `a body within ${String(buffer)} bytes in memory, a larger one in a file, no backend asked before the last byte`;
  const words = ({ bytes, files, early, status }: HeldBody): string =>
    `${String(bytes)} bytes: ${files > 0 ? 'in a file' : 'in memory'}${early ? ', forwarded before it was complete' : ''}${status === 200 ? '' : `, status ${String(status ?? 'none')}`}`;
  const holds = small?.files === 0 && (large?.files ?? 0) > 0 && held.every(({ early, status }) => !early && status === 200);
  return judge(holds, expected, held.map(words).join('; '), [
    {
      kind: 'table',
      title: 'the gateway while the last byte is held back',
      columns: ['body bytes', 'temporary files', 'forwarded early', 'status'],
      rows: held.map(({ bytes, files, early, status }) => [bytes, files, early ? 'yes' : 'no', status ?? 0]),
    },
  ]);
}
