import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Behaviour, StreamPlan } from './behaviour.ts';
import { filler } from './body.ts';

/** An answer before any behaviour changed it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer | string;
}

/** A JSON answer. */
export function json(status: number, body: unknown, headers: Answer['headers'] = {}): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
  };
}

/** Bytes that a truncated answer announces on top of what it sends. */
const NEVER_SENT = 1024;

const FILLER_HEADER_BYTES = 1000;

/** Lays the behaviour over the answer: its status, headers and body. */
export function shape(answer: Answer, behaviour: Behaviour): Answer {
  const { status, body, bodyBytes, contentType, gzip, headerBytes, headers, closeAfter, neverRead } = behaviour;
  const own = body ?? (bodyBytes === undefined ? undefined : filler(bodyBytes));
  const plain = own ?? answer.body;
  // Names of headers are compared without case, so that a replacement never doubles one.
  const merged = new Map(
    Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), [name, value] as const]),
  );
  const set = (name: string, value: string | readonly string[]): unknown =>
    merged.set(name.toLowerCase(), [name, value]);
  if (contentType !== undefined) set('Content-Type', contentType);
  else if (own !== undefined || behaviour.stream) set('Content-Type', 'text/plain; charset=utf-8');
  if (gzip) set('Content-Encoding', 'gzip');
  if (closeAfter || neverRead) set('Connection', 'close');
  for (const [name, value] of fillerHeaders(headerBytes ?? 0)) set(name, value);
  for (const [name, value] of Object.entries(headers ?? {})) set(name, value);
  return {
    status: status ?? answer.status,
    headers: Object.fromEntries(merged.values()),
    body: gzip ? gzipSync(plain) : plain,
  };
}

function fillerHeaders(bytes: number): [string, string][] {
  const count = Math.ceil(bytes / FILLER_HEADER_BYTES);
  return Array.from({ length: count }, (_, index) => [
    `x-filler-${String(index + 1)}`,
    'f'.repeat(Math.min(FILLER_HEADER_BYTES, bytes - index * FILLER_HEADER_BYTES)),
  ]);
}

/**
 * Sends the shaped answer the way the behaviour asks for: at once, slowly, in
 * parts, cut short. Resolves when everything was handed to the kernel.
 * @throws Error for headers that HTTP does not allow; nothing is sent then.
 */
export async function send(response: ServerResponse, answer: Answer, behaviour: Behaviour): Promise<void> {
  const shaped = shape(answer, behaviour);
  response.statusCode = shaped.status;
  for (const [name, value] of Object.entries(shaped.headers)) response.setHeader(name, value);
  if (behaviour.headerDelay_ms !== undefined) return sendSlowHeaders(response, shaped, behaviour.headerDelay_ms);
  if (behaviour.stream) return sendStream(response, behaviour.stream, behaviour);
  const bodiless = shaped.status === 204 || shaped.status === 304;
  const length = Buffer.byteLength(shaped.body);
  if (!bodiless && !response.hasHeader('Content-Length'))
    response.setHeader('Content-Length', length + (behaviour.truncate ? NEVER_SENT : 0));
  if (behaviour.truncate) return cutShort(response, shaped.body);
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.end(bodiless ? undefined : shaped.body, resolve);
  });
}

async function cutShort(response: ServerResponse, body: Buffer | string): Promise<void> {
  response.flushHeaders();
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.write(body, () => resolve());
  });
  response.socket?.destroy();
}

async function sendStream(response: ServerResponse, plan: StreamPlan, { truncate, reset }: Behaviour): Promise<void> {
  const chunk = filler(plan.chunkBytes);
  response.removeHeader('Content-Length');
  response.flushHeaders();
  for (let sent = 0; sent < plan.chunks && !response.destroyed; sent += 1) {
    if (sent > 0) await wait(plan.interval_ms);
    await writeChunk(response, chunk);
  }
  if (reset) response.socket?.resetAndDestroy();
  else if (truncate) response.socket?.destroy();
  else response.end();
}

/** Writes one chunk and waits until it left this process, or nobody reads any more. */
export async function writeChunk(response: ServerResponse, chunk: Buffer | string): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.write(chunk, () => {
      response.off('close', resolve);
      resolve();
    });
  });
}

/** Node sends a header block in one piece, so this one is written by hand. */
async function sendSlowHeaders(response: ServerResponse, { status, body }: Answer, delay_ms: number): Promise<void> {
  const { socket } = response;
  if (!socket) return;
  socket.write(`HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\nX-Slow-Headers: ${String(delay_ms)}\r\n`);
  await wait(delay_ms);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.setHeader('Connection', 'close');
  const lines = Object.entries(response.getHeaders()).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${name}: ${String(one)}\r\n`),
  );
  if (socket.destroyed) return;
  socket.write(`${lines.join('')}\r\n`);
  socket.end(response.req.method === 'HEAD' ? '' : body);
}
