import { isIPv6 } from 'node:net';
import type { HeaderList, RequestSpec, Target } from './protocol.ts';

const PIECE_BYTES = 64 * 1024;
const CHUNK_BYTES = 16 * 1024;
const filler = Buffer.alloc(PIECE_BYTES, 'gateproof ');

/** Whether the fields name this one (lower case). */
export function hasField(headers: HeaderList, name: string): boolean {
  return headers.some(([field]) => field.toLowerCase() === name);
}

/** Host (or `:authority`) of a target: its server name or address, with the port unless it is the default one. */
export function authorityOf(target: Target): string {
  const address = isIPv6(target.address) ? `[${target.address}]` : target.address;
  const host = target.tls?.serverName ?? address;
  const defaultPort = target.tls === undefined ? 80 : 443;
  return target.port === defaultPort ? host : `${host}:${target.port}`;
}

/** Length of the body in bytes; undefined when there is none. */
export function bodyLength(spec: RequestSpec): number | undefined {
  if (spec.body === undefined) return undefined;
  return typeof spec.body === 'string' ? Buffer.byteLength(spec.body) : spec.body.bytes;
}

function* cut(whole: Buffer, size: number): Generator<Buffer> {
  for (let offset = 0; offset < whole.length; offset += size) yield whole.subarray(offset, offset + size);
}

/** The body's bytes in pieces of at most `size`; filler is made as it goes. */
export function* bodyPieces(spec: RequestSpec, size: number = PIECE_BYTES): Generator<Buffer> {
  if (spec.body === undefined) return;
  if (typeof spec.body === 'string') {
    yield* cut(Buffer.from(spec.body), size);
    return;
  }
  for (let left = spec.body.bytes; left > 0; left -= size) yield filler.subarray(0, Math.min(size, left));
}

function* chunked(spec: RequestSpec): Generator<Buffer> {
  for (const piece of bodyPieces(spec, CHUNK_BYTES)) {
    yield Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
  }
  yield Buffer.from('0\r\n\r\n');
}

/**
 * Request line and fields, exactly as asked for (UTF-8). Only what is missing
 * is added: Host first; Content-Length or Transfer-Encoding last.
 */
export function requestHead(spec: RequestSpec, target: Target): Buffer {
  const given = spec.headers ?? [];
  const lines = [`${spec.method} ${spec.path} HTTP/1.1`];
  if (!hasField(given, 'host')) lines.push(`Host: ${authorityOf(target)}`);
  for (const [name, value] of given) lines.push(`${name}: ${value}`);
  const length = bodyLength(spec);
  const framed = hasField(given, 'content-length') || hasField(given, 'transfer-encoding');
  if (spec.chunked === true && !hasField(given, 'transfer-encoding')) lines.push('Transfer-Encoding: chunked');
  else if (length !== undefined && !framed) lines.push(`Content-Length: ${length}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/** Whether the body waits for `100 Continue`. */
export function expectsContinue(spec: RequestSpec): boolean {
  const expectation = (spec.headers ?? []).find(([name]) => name.toLowerCase() === 'expect')?.[1];
  return expectation?.toLowerCase() === '100-continue' && spec.body !== undefined;
}

/** What follows the head on an HTTP/1.1 connection. */
export function bodyOnWire(spec: RequestSpec): Iterable<Buffer> {
  return spec.chunked === true ? chunked(spec) : bodyPieces(spec);
}

/** Head and body as pieces for the wire; a small body travels with its head, in one write. */
export function* requestOnWire(spec: RequestSpec, target: Target): Generator<Buffer> {
  const head = requestHead(spec, target);
  const body = bodyOnWire(spec)[Symbol.iterator]();
  const first = body.next();
  yield first.done === true ? head : Buffer.concat([head, first.value]);
  for (let next = body.next(); next.done !== true; next = body.next()) yield next.value;
}
