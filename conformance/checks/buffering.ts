import { nginxBytes } from '../../environments/harness/config.ts';
import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import type { Gateway } from '../gateway.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { rawHead } from './raw-request.ts';
import { arrived } from './upstream-connections.ts';

/** A client that sends its body in pieces over this time, ms. */
const UPLOAD_MS = 1_500;
const PIECES = 5;
const PIECE_BYTES = 12_000;

/** More than the sockets on both sides of the gateway hold. */
const DOWNLOAD_BYTES = 12 * 2 ** 20;
const READ_BYTES_PER_S = 2 ** 20;

/** The gateway has this long to take over a whole answer before the backend is asked again, ms. */
const RELEASE_MS = 3_000;

/** The download is given up after this time: it only has to last longer than the next request needs. */
const WATCHED_MS = 6_000;

/** A pool, and a path that leads there. */
const POOLS = [
  { pool: 'customer', prefix: '/api/v1/slow-client/' },
  { pool: 'admin', prefix: '/api/v1/admin/slow-client/' },
] as const;

/** What slow clients did to the connections of the backend of one pool. */
export interface Buffered {
  readonly pool: string;
  /** The backend heard of the upload before its last piece was sent. */
  readonly uploadEarly: boolean;
  readonly uploadStatus: string;
  /** The next request came on the connection of the slow download: it was free again. */
  readonly released: boolean;
  /** How long the download took until it was over or given up, s. */
  readonly download_s: number;
}

/** For each pool a slow upload, and a slow download with another request in its middle; the gateway has one instance of each to ask. */
export async function slowClients(context: CaseContext, gateway: Gateway): Promise<Buffered[]> {
  return Promise.all(POOLS.map(async ({ pool, prefix }) => slowClientsOf(context, gateway, pool, prefix)));
}

async function slowClientsOf(context: CaseContext, gateway: Gateway, pool: string, prefix: string): Promise<Buffered> {
  const [upload, download, next] = [marker('up'), marker('down'), marker('next')];
  const sender = context.clientFor(prefix, gateway);
  const head = rawHead(sender, {
    method: 'POST',
    path: `${prefix}${upload}`,
    lines: ['content-type: application/octet-stream', `content-length: ${String(PIECES * PIECE_BYTES)}`],
  });
  const began = Date.now();
  const sent = await sender.raw({
    writes: [
      { after_ms: 0, utf8: head },
      ...Array.from({ length: PIECES }, (_, n) => ({
        after_ms: (n * UPLOAD_MS) / (PIECES - 1),
        utf8: 'b',
        repeat: PIECE_BYTES,
      })),
    ],
    until: 'first-byte',
    timeout_ms: 20_000,
  });
  const reader = context.clientFor(prefix, gateway);
  const [slow] = await reader.all([
    {
      path: `${prefix}${download}`,
      behave: { bodyBytes: DOWNLOAD_BYTES, contentType: 'application/octet-stream' },
      readRate_bytesPerS: READ_BYTES_PER_S,
      timeout_ms: WATCHED_MS,
    },
    { path: `${prefix}${next}`, at_ms: RELEASE_MS },
  ]);
  const [uploaded, first, second] = await Promise.all(
    [upload, download, next].map(async (mark) => (await arrived(context, mark))[0]),
  );
  return {
    pool,
    uploadEarly: uploaded !== undefined && uploaded.at < began + UPLOAD_MS,
    uploadStatus: Buffer.from(sent.received_base64, 'base64').toString('latin1').slice(9, 12),
    released: first !== undefined && second !== undefined && first.peer.port === second.peer.port,
    download_s: slow ? (slow.done_ms - slow.intended_ms) / 1000 : 0,
  };
}

/** Both directions are buffered, on the way to every pool. */
export function judgeBuffered(seen: readonly Buffered[]): Outcome {
  const right = ({ uploadEarly, uploadStatus, released, download_s }: Buffered): boolean =>
    !uploadEarly && uploadStatus === '200' && released && download_s * 1000 > RELEASE_MS * 1.5;
  const words = ({ pool, uploadEarly, uploadStatus, released, download_s }: Buffered): string =>
    `${pool}: upload of ${String(UPLOAD_MS / 1000)} s ${uploadEarly ? 'forwarded while it was being sent' : `forwarded when complete (${uploadStatus || 'no answer'})`}, ` +
    `download of ${String(Math.round(download_s * 10) / 10)} s or more: ${released ? 'its backend connection took the next request' : 'its backend connection was still busy'}`;
  const wrong = seen.filter((one) => !right(one));
  return judge(
    seen.length > 0 && wrong.length === 0,
    `the backend sees a slow upload only when it is complete, and is free within ${String(RELEASE_MS / 1000)} s of a download that takes much longer`,
    (wrong.length === 0 ? seen : wrong).map(words).join('; '),
    [
      {
        kind: 'table',
        title: 'slow clients and the connection to the backend',
        columns: ['pool', 'client', 'duration s', 'backend'],
        rows: seen.flatMap(({ pool, uploadEarly, released, download_s }) => [
          [pool, 'slow upload', UPLOAD_MS / 1000, uploadEarly ? 'asked before the end' : 'asked at the end'],
          [pool, 'slow download', Math.round(download_s * 10) / 10, released ? 'free again' : 'held'],
        ]),
      },
    ],
    'bodies pass through the gateway at the pace of the client',
  );
}

/** Number and bytes of buffers as nginx takes them (`8 4k`, `8 4096`) or a document writes them (`8 x 4k`). */
function buffers(text: string): string {
  const [count = '', size = ''] = text.replace(' x ', ' ').trim().split(/\s+/);
  return `${count} of ${String(nginxBytes(size) ?? size)} bytes`;
}

/** Judges the buffers of answers as configured: every `proxy_buffers` has the promised number and size; without one nginx has 8 of a memory page (4k). */
export function judgeBuffers(promised: string, config: string): Outcome {
  const set = [...config.matchAll(/^\s*proxy_buffers\s+([^;]+);/gm)].map(([, value = '']) => buffers(value));
  return judge(
    set.every((value) => value === buffers(promised)),
    `proxy_buffers: ${buffers(promised)}`,
    set.length === 0 ? 'proxy_buffers not set: 8 pages' : `proxy_buffers: ${[...new Set(set)].join(', ')}`,
    [{ kind: 'config', title: 'proxy_buffers in nginx -T', text: set.join('\n') }],
  );
}
