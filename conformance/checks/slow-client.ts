import type { Evidence } from '../../reports/record/types.ts';
import type { RawObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import type { Gateway } from '../gateway.ts';
import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { rawHead } from './raw-request.ts';
import { BEYOND_S, MACHINE_TOO_SLOW, beyond_s, closedAfter, watchedFor } from './timeouts.ts';
import type { PromisedTime, Waited } from './timeouts.ts';

const API = '/api/v1/slow-client/';

/** A header that stops half-way, and one that trickles: both have to end when the time for the whole header is over. */
export async function headerWaits(context: CaseContext, promise: PromisedTime): Promise<Waited[]> {
  const promised_s = promise.seconds;
  const limit_s = promised_s + (await beyond_s(context, promise));
  const start = (client: { readonly serverName: string }): string =>
    `GET / HTTP/1.1\r\nHost: ${client.serverName}\r\nX-Slow: `;
  const trickle = Array.from({ length: Math.floor(limit_s / 2) }, (_, index) => ({
    after_ms: (index + 1) * 2_000,
    utf8: 'x',
  }));
  const plan = [
    { name: 'silent in the header', writes: [] },
    { name: 'one byte every 2 s', writes: trickle },
  ];
  return Promise.all(
    plan.map(async ({ name, writes }) => {
      const client = context.client();
      const seen = await client.raw({
        writes: [{ after_ms: 0, utf8: start(client) }, ...writes],
        until: 'closed',
        timeout_ms: limit_s * 1000,
      });
      return { name, promised_s, factor: 1, acted: closedAfter(seen), watched_s: watchedFor(seen) };
    }),
  );
}

/** A body that stops, and one that goes on shortly before its time is over; the second must be left alone. */
export async function bodyWaits(
  context: CaseContext,
  promise: PromisedTime,
): Promise<{ readonly stalled: Waited; readonly slow: Outcome }> {
  const promised_s = promise.seconds;
  const beyond = await beyond_s(context, promise);
  const send = async (
    more: readonly { after_ms: number; utf8: string }[],
    limit_s: number,
  ): Promise<RawObservation> => {
    const client = context.client();
    const head = rawHead(client, {
      method: 'POST',
      path: `${API}${marker('body')}`,
      lines: ['content-type: application/octet-stream', 'content-length: 100'],
    });
    return client.raw({
      writes: [{ after_ms: 0, utf8: `${head}ab` }, ...more],
      until: 'closed',
      timeout_ms: limit_s * 1000,
    });
  };
  const [silent, trickling] = await Promise.all([
    send([], promised_s + beyond),
    send([{ after_ms: (promised_s - 1) * 1000, utf8: 'c' }], promised_s + BEYOND_S),
  ]);
  const early_s = closedAfter(trickling)?.least_s;
  const watched_s = watchedFor(trickling);
  const expected = `a body that goes on after ${String(promised_s - 1)} s is left alone`;
  const tooShort = early_s === undefined && watched_s < promised_s + 1;
  return {
    stalled: {
      name: 'silent in the body',
      promised_s,
      factor: 1,
      acted: closedAfter(silent),
      watched_s: watchedFor(silent),
    },
    slow: tooShort
      ? inconclusive(expected, `watched for ${String(Math.round(watched_s))} s`, MACHINE_TOO_SLOW)
      : judge(
          early_s === undefined,
          expected,
          early_s === undefined
            ? `still open after ${String(Math.floor(watched_s))} s`
            : `a body that went on was cut off after ${String(Math.round(early_s * 10) / 10)} s`,
          [],
        ),
  };
}

/** Larger than what the sockets of both ends hold. */
const UNREAD_BYTES = 7 * 2 ** 20;

/** Time for reading on a busy machine what is left of the answer, s. */
const READING_S = 12;

/** A client that reads nothing, and then after so many seconds reads all that it can get. */
export interface Reader {
  readonly after_s: number;
  readonly receivedBytes: number;
  /** `whole`: the answer came after all; `cut`: the gateway had closed; `unfinished`: neither by the end of the watch. */
  readonly end: 'whole' | 'cut' | 'unfinished';
}

/**
 * Two clients that read nothing: one goes on shortly before the time is over, one shortly
 * after. When the second is not cut off, a third waits for longer: see {@link beyond_s}.
 */
export async function lateReaders(context: CaseContext, promise: PromisedTime): Promise<readonly Reader[]> {
  const promised_s = promise.seconds;
  const readers = await readersAfter(context, [promised_s - NEAR_S, promised_s + NEAR_S]);
  const beyond = await beyond_s(context, promise);
  if (readers[1]?.end !== 'whole' || beyond <= BEYOND_S) return readers;
  return [...readers, ...(await readersAfter(context, [promised_s + beyond]))];
}

/** So much before and after the promised time clients begin to read, s. */
const NEAR_S = 1.5;

async function readersAfter(context: CaseContext, seconds: readonly number[]): Promise<readonly Reader[]> {
  return Promise.all(
    seconds.map(async (after_s) => {
      const client = context.client();
      const head = rawHead(client, {
        path: `${API}${marker('unread')}`,
        headers: { connection: 'close' },
        behave: { bodyBytes: UNREAD_BYTES, contentType: 'application/octet-stream' },
      });
      const { receivedBytes, closed_ms } = await client.raw({
        writes: [{ after_ms: 0, utf8: head }],
        neverRead: true,
        readFrom_ms: after_s * 1000,
        until: 'closed',
        timeout_ms: (after_s + READING_S) * 1000,
      });
      const whole = receivedBytes > UNREAD_BYTES;
      return { after_s, receivedBytes, end: whole ? 'whole' : closed_ms === null ? 'unfinished' : 'cut' };
    }),
  );
}

/** The one that goes on in time gets its answer whole, the other has been cut off. */
export function judgeReaders(promised_s: number, readers: readonly Reader[]): Outcome {
  const ends = { whole: 'the whole answer', cut: 'cut off', unfinished: 'still coming' };
  const expected = `a client that reads nothing is cut off after ${String(promised_s)} s, not before`;
  const observed = readers
    .map(
      ({ after_s, end, receivedBytes }) =>
        `reading again after ${String(after_s)} s: ${ends[end]} (${String(receivedBytes)} bytes)`,
    )
    .join('; ');
  const evidence: Evidence = {
    kind: 'table',
    title: `an answer of ${String(UNREAD_BYTES)} bytes that nobody reads at first`,
    columns: ['reads again after s', 'received bytes', 'end'],
    rows: readers.map(({ after_s, receivedBytes, end }) => [after_s, receivedBytes, ends[end]]),
  };
  if (readers.some(({ end }) => end === 'unfinished'))
    return inconclusive(expected, observed, MACHINE_TOO_SLOW, [evidence]);
  const right = readers.every(({ after_s, end }) => (end === 'whole') === after_s < promised_s);
  const mechanism = right ? undefined : `send_timeout is not ${String(promised_s)}s: without the directive it is 60 s`;
  const [early, , last] = readers;
  const onlyLate = !right && early?.end === 'whole' && last?.end === 'cut';
  return { ...judge(right, expected, observed, [evidence], mechanism), ...(onlyLate ? { onlyLate } : {}) };
}

/** HTTP/2 by hand (RFC 9113): preface, empty SETTINGS, and GET / on stream 1, whose names are in HPACK's static table. */
export function http2Get(authority: string): string {
  const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  };
  const name = Buffer.from(authority);
  // 0x82 :method GET, 0x87 :scheme https, 0x84 :path /, 0x41 :authority as a literal.
  const fields = Buffer.concat([Buffer.from([0x82, 0x87, 0x84, 0x41, name.length]), name]);
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  // HEADERS with END_STREAM and END_HEADERS.
  return Buffer.concat([preface, frame(4, 0, 0, Buffer.alloc(0)), frame(1, 5, 1, fields)]).toString('base64');
}

/** One request each over HTTP/1.1 and HTTP/2, then silence: the time from the answer to the gateway's close. */
export async function idleWaits(
  context: CaseContext,
  gateway: Gateway,
  promised_s: number,
  factor: number,
): Promise<Waited[]> {
  const timeout_ms = (promised_s / factor + BEYOND_S) * 1000;
  const [plain, h2] = [context.client('clients', gateway), context.client('clients', gateway)];
  const seen = await Promise.all([
    plain.raw({ writes: [{ after_ms: 0, utf8: rawHead(plain, { path: '/' }) }], until: 'closed', timeout_ms }),
    h2.raw({
      tls: { alpn: ['h2'] },
      writes: [{ after_ms: 0, base64: http2Get(h2.serverName) }],
      until: 'closed',
      timeout_ms,
    }),
  ]);
  return seen.map((one, index) => {
    // The idle time begins with the end of the answer: after the request was sent, before its answer was read.
    const acted =
      one.firstByte_ms === null
        ? undefined
        : closedAfter({ ...one, intended_ms: one.sent_ms ?? 0, sent_ms: one.firstByte_ms });
    return {
      name: index === 0 ? 'idle HTTP/1.1' : 'idle HTTP/2',
      promised_s,
      factor,
      acted,
      watched_s: watchedFor(one),
    };
  });
}
