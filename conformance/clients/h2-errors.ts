import { constants } from 'node:http2';
import { toFailure } from './errors.ts';
import type { Failure } from './errors.ts';

/** Error codes of RFC 9113 §7 by number. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [constants.NGHTTP2_NO_ERROR, 'NO_ERROR'],
  [constants.NGHTTP2_PROTOCOL_ERROR, 'PROTOCOL_ERROR'],
  [constants.NGHTTP2_INTERNAL_ERROR, 'INTERNAL_ERROR'],
  [constants.NGHTTP2_FLOW_CONTROL_ERROR, 'FLOW_CONTROL_ERROR'],
  [constants.NGHTTP2_SETTINGS_TIMEOUT, 'SETTINGS_TIMEOUT'],
  [constants.NGHTTP2_STREAM_CLOSED, 'STREAM_CLOSED'],
  [constants.NGHTTP2_FRAME_SIZE_ERROR, 'FRAME_SIZE_ERROR'],
  [constants.NGHTTP2_REFUSED_STREAM, 'REFUSED_STREAM'],
  [constants.NGHTTP2_CANCEL, 'CANCEL'],
  [constants.NGHTTP2_COMPRESSION_ERROR, 'COMPRESSION_ERROR'],
  [constants.NGHTTP2_CONNECT_ERROR, 'CONNECT_ERROR'],
  [constants.NGHTTP2_ENHANCE_YOUR_CALM, 'ENHANCE_YOUR_CALM'],
  [constants.NGHTTP2_INADEQUATE_SECURITY, 'INADEQUATE_SECURITY'],
  [constants.NGHTTP2_HTTP_1_1_REQUIRED, 'HTTP_1_1_REQUIRED'],
]);

/** `H2_<NAME>` for an error code on the wire. */
export function h2Code(code: number): string {
  return `H2_${NAMES.get(code) ?? code}`;
}

/** Node writes the code into the text: `Stream closed with error code NGHTTP2_REFUSED_STREAM`. */
export function h2Failure(error: unknown): Failure {
  const failure = toFailure(error);
  const name = /NGHTTP2_([A-Z0-9_]+)/.exec(failure.message)?.[1];
  const number = /error code (\d+)/.exec(failure.message)?.[1];
  if (name !== undefined) return { code: `H2_${name}`, message: failure.message };
  if (number !== undefined) return { code: h2Code(Number(number)), message: failure.message };
  return failure;
}
