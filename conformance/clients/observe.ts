import type { Evidence } from '../../reports/record/types.ts';
import { authorityOf, hasField } from './http1-request.ts';
import { maskHeaders, maskText } from './mask.ts';
import type {
  HeaderList,
  HttpObservation,
  HttpStep,
  Observation,
  RawStep,
  Step,
  WebSocketObservation,
  WebSocketStep,
} from './protocol.ts';

const EXCERPT_CHARS = 600;
const WRITES_SHOWN = 5;

type WithHeaders = Pick<HttpObservation | WebSocketObservation, 'headers'>;
type WithBody = Pick<HttpObservation, 'body_base64' | 'bodyBytes' | 'status'>;

/** A body was expected to be JSON and is not. */
export class BodyNotJsonError extends Error {
  override readonly name = 'BodyNotJsonError';
  /** Beginning of the body, secrets masked. */
  readonly excerpt: string;

  constructor(excerpt: string, status: number | null, options?: ErrorOptions) {
    super(`the body of the answer (status ${status ?? 'none'}) is not JSON: ${JSON.stringify(excerpt)}`, options);
    this.excerpt = excerpt;
  }
}

/** All values of a field, in the order of arrival; names compare without case. */
export function headersNamed(observation: WithHeaders, name: string): string[] {
  const wanted = name.toLowerCase();
  return observation.headers.filter(([field]) => field.toLowerCase() === wanted).map(([, value]) => value);
}

/** The first value of a field, or undefined. */
export function header(observation: WithHeaders, name: string): string | undefined {
  return headersNamed(observation, name)[0];
}

/** The kept beginning of the body as UTF-8 text. */
export function bodyText(observation: Pick<HttpObservation, 'body_base64'>): string {
  return Buffer.from(observation.body_base64, 'base64').toString('utf8');
}

/**
 * The body as a JSON value.
 *
 * @throws {BodyNotJsonError} when it is none, or was not kept whole.
 */
export function bodyJson(observation: WithBody): unknown {
  const text = bodyText(observation);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BodyNotJsonError(maskText(text.slice(0, 200)), observation.status, { cause: error });
  }
}

/** From the intended start to the end of the answer, in milliseconds: waiting for a late sender counts. */
export function latency_ms(observation: Pick<Observation, 'intended_ms' | 'done_ms'>): number {
  return observation.done_ms - observation.intended_ms;
}

/** From the intended start to the first byte of the answer, in milliseconds; null when none came. */
export function firstByteLatency_ms(observation: Pick<HttpObservation, 'intended_ms' | 'firstByte_ms'>): number | null {
  return observation.firstByte_ms === null ? null : observation.firstByte_ms - observation.intended_ms;
}

/** Whether the connection ended because the peer refused TLS, by alert or by closing in the handshake. */
export function refusedTls(observation: Pick<Observation, 'error'>): boolean {
  const code = observation.error?.code ?? '';
  return code.startsWith('TLS_ALERT_') || code === 'TLS_HANDSHAKE_CLOSED';
}

function cut(text: string): string {
  return text.length <= EXCERPT_CHARS ? text : `${text.slice(0, EXCERPT_CHARS)}…`;
}

function headerLines(headers: HeaderList): string[] {
  return maskHeaders(headers).map(([name, value]) => `${name}: ${value}`);
}

function bodyExcerpt(base64: string, bytes: number): string {
  if (bytes === 0) return '';
  const kept = Buffer.from(base64, 'base64');
  const text = kept.toString('utf8');
  // Binary or compressed: control characters or broken UTF-8 in the beginning.
  if (/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text.slice(0, 200))) return `‹${bytes} bytes, binary›`;
  // Masked before it is cut: half a token would not be recognised.
  const excerpt = cut(maskText(text));
  return bytes > kept.length ? `${excerpt}\n‹${bytes} bytes in all›` : excerpt;
}

function errorLine(observation: Observation): string[] {
  return observation.error === undefined ? [] : [`‹${observation.error.code}: ${maskText(observation.error.message)}›`];
}

function httpRequest(step: HttpStep): string {
  const { request, target } = step;
  const given = request.headers ?? [];
  const headers: HeaderList = hasField(given, 'host') ? given : [['Host', authorityOf(target)], ...given];
  const version = step.protocol === 'h2' ? 'HTTP/2' : 'HTTP/1.1';
  const body =
    typeof request.body === 'string'
      ? ['', cut(maskText(request.body))]
      : request.body === undefined
        ? []
        : ['', `‹${request.body.bytes} bytes of filler${request.chunked === true ? ', chunked' : ''}›`];
  return [`${request.method} ${maskText(request.path)} ${version}`, ...headerLines(headers), ...body].join('\n');
}

function httpResponse(observation: HttpObservation): string {
  const lines: string[] = [];
  if (observation.status !== null) {
    lines.push(
      `HTTP/${observation.httpVersion ?? '?'} ${observation.status} ${observation.statusText ?? ''}`.trimEnd(),
    );
    lines.push(...headerLines(observation.headers));
    const body = bodyExcerpt(observation.body_base64, observation.bodyBytes);
    if (body !== '') lines.push('', body);
  }
  return [...lines, ...errorLine(observation)].join('\n');
}

function rawRequest(step: RawStep): string {
  const lines = step.writes.slice(0, WRITES_SHOWN).map((write) => {
    const text = write.utf8 ?? `‹${Buffer.from(write.base64 ?? '', 'base64').length} bytes›`;
    const times = write.repeat !== undefined && write.repeat > 1 ? ` ×${write.repeat}` : '';
    return `after ${write.after_ms} ms${times}: ${cut(JSON.stringify(maskText(text)))}`;
  });
  if (step.writes.length > WRITES_SHOWN) lines.push(`… and ${step.writes.length - WRITES_SHOWN} more writes`);
  const { tls, address, port } = step.target;
  const range = [tls?.minVersion, tls?.maxVersion].filter((version) => version !== undefined).join(' to ');
  return [
    `${tls === undefined ? 'TCP' : 'TLS'} to ${address}:${port}${range === '' ? '' : `, ${range}`}`,
    ...lines,
  ].join('\n');
}

function webSocketRequest(step: WebSocketStep): string {
  const messages = step.messages.slice(0, WRITES_SHOWN).map((message) => {
    const what =
      message.binaryBytes === undefined ? cut(maskText(message.text ?? '')) : `‹${message.binaryBytes} random bytes›`;
    return `after ${message.after_ms} ms: ${what}`;
  });
  return [`GET ${maskText(step.path)} (WebSocket upgrade)`, ...headerLines(step.headers ?? []), ...messages].join('\n');
}

function tlsLine(observation: Observation): string[] {
  const { tls } = observation;
  if (tls === undefined) return [];
  return [`‹${tls.protocol}, ${tls.cipher}, ALPN ${tls.alpn ?? 'none'}${tls.reused ? ', session resumed' : ''}›`];
}

function otherResponse(observation: Exclude<Observation, HttpObservation>): string {
  const lines = [...tlsLine(observation)];
  const closed =
    observation.closed_ms === null
      ? 'still open at the end'
      : `closed by the peer after ${Math.round(observation.closed_ms - observation.intended_ms)} ms`;
  if (observation.kind === 'raw') {
    const body = bodyExcerpt(observation.received_base64, observation.receivedBytes);
    if (body !== '') lines.push(body);
    if (observation.handshake_ms !== null) lines.push(`‹${closed}${observation.reset ? ', by reset' : ''}›`);
  } else {
    if (observation.status !== null) lines.push(`HTTP/1.1 ${observation.status}`, ...headerLines(observation.headers));
    const intact = observation.echoes.filter((echo) => echo.intact).length;
    if (observation.echoes.length > 0) lines.push(`‹${intact} of ${observation.echoes.length} echoes intact›`);
    if (observation.status === 101)
      lines.push(`‹${closed}${observation.closeCode === null ? '' : `, code ${observation.closeCode}`}›`);
  }
  return [...lines, ...errorLine(observation)].join('\n');
}

function requestText(step: Step): string {
  switch (step.kind) {
    case 'http':
      return httpRequest(step);
    case 'raw':
      return rawRequest(step);
    case 'websocket':
      return webSocketRequest(step);
  }
}

/** The step and what came of it, as evidence: secrets masked, bodies cut to 600 characters. */
export function asExchange(step: Step, observation: Observation, title?: string): Evidence {
  const what =
    step.kind === 'http'
      ? `${step.request.method} ${step.request.path}`
      : step.kind === 'websocket'
        ? `WebSocket ${step.path}`
        : 'raw bytes';
  return {
    kind: 'exchange',
    title: maskText(title ?? `${what} from ${step.from}`),
    request: requestText(step),
    response: observation.kind === 'http' ? httpResponse(observation) : otherResponse(observation),
  };
}
