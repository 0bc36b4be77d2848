import { BodySink } from './body-sink.ts';
import type { Failure } from './errors.ts';
import type {
  HttpObservation,
  HttpStep,
  Observation,
  RawObservation,
  RawStep,
  Step,
  TlsSeen,
  WebSocketObservation,
  WebSocketStep,
} from './protocol.ts';

/** Strips `readonly`: observations are filled in while they happen. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** Circumstances of a step that never got an answer. */
export interface FailedAt {
  readonly done_ms: number;
  readonly localPort?: number | null;
  readonly tls?: TlsSeen;
}

function common(step: Step, at: FailedAt, error?: Failure) {
  return {
    id: step.id,
    intended_ms: step.at_ms,
    sent_ms: null,
    done_ms: at.done_ms,
    localPort: at.localPort ?? null,
    ...(at.tls === undefined ? {} : { tls: at.tls }),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
  };
}

/** An HTTP observation without any answer. */
export function emptyHttp(step: HttpStep, at: FailedAt, error?: Failure): HttpObservation {
  return {
    ...common(step, at, error),
    kind: 'http',
    status: null,
    headers: [],
    firstByte_ms: null,
    ...new BodySink(0).result(),
    closedByPeer: false,
  };
}

/** A raw observation of which nothing is known yet. */
export function emptyRaw(step: RawStep, at: FailedAt, error?: Failure): RawObservation {
  return {
    ...common(step, at, error),
    kind: 'raw',
    handshake_ms: null,
    firstByte_ms: null,
    closed_ms: null,
    reset: false,
    received_base64: '',
    receivedBytes: 0,
  };
}

/** A WebSocket observation without an upgrade. */
export function emptyWebSocket(step: WebSocketStep, at: FailedAt, error?: Failure): WebSocketObservation {
  return {
    ...common(step, at, error),
    kind: 'websocket',
    status: null,
    headers: [],
    echoes: [],
    closed_ms: null,
    closeCode: null,
  };
}

/** The observation of a step that failed before it could do anything. */
export function failedStep(step: Step, at: FailedAt, error: Failure): Observation {
  switch (step.kind) {
    case 'http':
      return emptyHttp(step, at, error);
    case 'raw':
      return emptyRaw(step, at, error);
    case 'websocket':
      return emptyWebSocket(step, at, error);
  }
}
