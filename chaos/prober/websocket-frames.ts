/** Frames of the WebSocket protocol (RFC 6455, section 5): what a client writes and reads. */
import { randomBytes } from 'node:crypto';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly opcode: number;
  readonly final: boolean;
  readonly payload: Buffer;
}

/** Larger messages are none that probes cause. */
const PAYLOAD_MAX = 1024 ** 2;

/** One final frame, masked as a client's must be. @throws RangeError above 65,535 bytes */
export function clientFrame(opcode: number, payload: Buffer): Buffer {
  if (payload.length > 0xffff) throw new RangeError(`a probe's message has at most 65535 bytes, not ${payload.length}`);
  const extended = payload.length > 125;
  const head = Buffer.alloc(extended ? 4 : 2);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (extended ? 126 : payload.length);
  if (extended) head.writeUInt16BE(payload.length, 2);
  const mask = randomBytes(4);
  const masked = Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
  return Buffer.concat([head, mask, masked]);
}

/** Cuts what a server sends into frames. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** Frames that are whole now. @throws RangeError for masked or oversized frames, which no server may send us */
  push(chunk: Buffer): Frame[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== null; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | null {
    const bytes = this.#bytes;
    if (bytes.length < 2) return null;
    const first = bytes.readUInt8(0);
    const second = bytes.readUInt8(1);
    if ((second & 0x80) !== 0) throw new RangeError('a server must not mask its frames');
    const short = second & 0x7f;
    const start = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < start) return null;
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
    if (length > PAYLOAD_MAX) throw new RangeError(`a frame of ${length} bytes`);
    if (bytes.length < start + length) return null;
    this.#bytes = bytes.subarray(start + length);
    return { opcode: first & 0x0f, final: (first & 0x80) !== 0, payload: bytes.subarray(start, start + length) };
  }
}
