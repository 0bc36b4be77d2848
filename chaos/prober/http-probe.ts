/** One probe: a new TCP (and TLS) connection, one HTTP/1.1 request, one whole answer. */
import net from 'node:net';
import tls from 'node:tls';

import type { SeriesConfig } from './protocol.ts';

export interface ProbeEnd {
  readonly ok: boolean;
  readonly kind: string;
  readonly servedBy?: string;
}

/** Starts one probe and calls back exactly once, at the latest when its time is over. */
export function sendProbe(series: SeriesConfig, localAddress: string | undefined, done: (end: ProbeEnd) => void): void {
  let ended = false;
  let received = '';
  const socket = connect(series, localAddress);
  const finish = (end: ProbeEnd): void => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    socket.destroy();
    done(end);
  };
  const timer = setTimeout(
    () => finish({ ok: false, kind: received === '' ? 'timeout' : 'timeout-in-answer' }),
    series.timeout_ms,
  );
  const judge = (closed: boolean): void => {
    const answer = readAnswer(received, closed);
    if (answer === 'incomplete') return;
    if (answer === 'truncated') {
      finish({ ok: false, kind: received === '' ? 'closed-without-answer' : 'truncated' });
      return;
    }
    const servedBy = series.servedByMember ? memberOf(answer.body, series.servedByMember) : undefined;
    finish({
      ok: series.expect.includes(answer.status),
      kind: `status-${answer.status}`,
      ...(servedBy === undefined ? {} : { servedBy }),
    });
  };
  socket.setNoDelay(true);
  socket.once(series.tls ? 'secureConnect' : 'connect', () =>
    socket.write(requestText(series, localAddress ?? 'anybody')),
  );
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    judge(false);
  });
  socket.once('end', () => judge(true));
  socket.once('error', (error: NodeJS.ErrnoException) => finish({ ok: false, kind: error.code ?? error.message }));
  socket.once('close', () => judge(true));
}

/**
 * The newest TLS session of each series. Connections are new, handshakes are resumed
 * where the gateway lets them, as clients do: a hundred full handshakes a second would
 * make the prober itself late. A session that is refused costs one full handshake.
 */
const sessions = new WeakMap<SeriesConfig, Buffer>();

function connect(series: SeriesConfig, localAddress: string | undefined): net.Socket {
  const where = { host: series.address, port: series.port, ...(localAddress ? { localAddress } : {}) };
  if (!series.tls) return net.connect(where);
  const session = sessions.get(series);
  const socket = tls.connect({
    ...where,
    ...(session ? { session } : {}),
    servername: series.tls.serverName,
    ALPNProtocols: ['http/1.1'],
    ...(series.tls.ca ? { ca: series.tls.ca } : { rejectUnauthorized: false }),
  });
  socket.on('session', (fresh) => sessions.set(series, fresh));
  return socket;
}

function requestText(series: SeriesConfig, from: string): string {
  const body = series.body ?? '';
  const headers: Record<string, string> = {
    Host: series.host,
    Connection: 'close',
    ...(series.method === 'GET' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
    ...series.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value.replaceAll('{from}', from)}\r\n`);
  return `${series.method} ${series.path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A text member of a JSON body, chunked or not; parsing all of it would make the prober late. */
function memberOf(body: string, name: string): string | undefined {
  const at = body.indexOf(`"${name}":"`);
  if (at < 0) return undefined;
  const from = at + name.length + 4;
  return body.slice(from, body.indexOf('"', from));
}

/** Whether all of an answer has come, by Content-Length, the last chunk, or the end of the connection (RFC 9112, section 6.3). */
function readAnswer(text: string, closed: boolean): Answer | 'incomplete' | 'truncated' {
  const missing = closed ? 'truncated' : 'incomplete';
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return missing;
  const [statusLine = '', ...fields] = text.slice(0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
  if (!Number.isInteger(status)) return 'truncated';
  const headers = new Map(
    fields.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const answer = { status, body: text.slice(headEnd + 4) };
  const bodyBytes = answer.body.length;
  const length = headers.get('content-length');
  if (length !== undefined) return bodyBytes >= Number(length) ? answer : missing;
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked')
    return text.endsWith('0\r\n\r\n') ? answer : missing;
  if (status === 204 || status === 304) return answer;
  return closed ? answer : 'incomplete';
}
