import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Size and SHA-256 (hex) of a body that was read to its end. */
export interface BodySeen {
  readonly bodyBytes: number;
  readonly bodySha256: string;
}

/**
 * Reads a body without keeping it, whatever its type and size.
 * @throws Error when the client gives up half-way.
 */
export async function readBody(request: IncomingMessage): Promise<BodySeen> {
  const hash = createHash('sha256');
  let bodyBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bodyBytes += chunk.length;
  }
  return { bodyBytes, bodySha256: hash.digest('hex') };
}

const LINE = 'The quick brown fox jumps over the lazy dog. 0123456789 abcdef\n';

/** Readable, well compressible text of exactly so many bytes. */
export function filler(bytes: number): Buffer {
  return Buffer.alloc(bytes, LINE, 'latin1');
}
