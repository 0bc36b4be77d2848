import { randomBytes } from 'node:crypto';
import type { WebSocketObservation, WebSocketStep } from './protocol.ts';

/** Kept of a text message. */
const TEXT_LIMIT = 4096;

type Echo = WebSocketObservation['echoes'][number];
type Message = WebSocketStep['messages'][number];

interface Sent {
  readonly payload: Buffer;
  readonly binary: boolean;
  readonly sent_ms: number;
  received_ms: number | null;
  intact: boolean;
  bytes: number;
  text?: string;
}

/** The bytes of a message: its text, or so many random bytes, so that no compression or cache can stand in. */
export function payloadOf(message: Message): { payload: Buffer; binary: boolean } {
  if (message.binaryBytes !== undefined) return { payload: randomBytes(message.binaryBytes), binary: true };
  return { payload: Buffer.from(message.text ?? ''), binary: false };
}

/**
 * Pairs what a server sends with what was sent to it: an exact echo answers the
 * oldest equal message; another text that comes first is the server's greeting;
 * anything else of the right kind is a damaged echo of the oldest message.
 */
export class EchoBook {
  readonly #sent: Sent[] = [];
  #hello: string | undefined;
  #received = 0;

  sent(payload: Buffer, binary: boolean, sent_ms: number): void {
    this.#sent.push({ payload, binary, sent_ms, received_ms: null, intact: false, bytes: 0 });
  }

  received(data: Buffer, binary: boolean, at_ms: number): void {
    this.#received += 1;
    const open = this.#sent.filter((message) => message.received_ms === null && message.binary === binary);
    const exact = open.find((message) => message.payload.equals(data));
    if (exact === undefined && this.#received === 1 && !binary) {
      this.#hello = data.toString('utf8');
      return;
    }
    const answered = exact ?? open[0];
    if (answered === undefined) return;
    answered.received_ms = at_ms;
    answered.intact = exact !== undefined;
    answered.bytes = data.length;
    if (!binary) answered.text = data.toString('utf8', 0, TEXT_LIMIT);
  }

  /** Whether every message that was sent has its echo. */
  get settled(): boolean {
    return this.#sent.every((message) => message.received_ms !== null);
  }

  get hello(): string | undefined {
    return this.#hello;
  }

  /** In the order of sending. */
  get echoes(): readonly Echo[] {
    return this.#sent.map(({ sent_ms, received_ms, bytes, intact, text }) => ({
      sent_ms,
      received_ms,
      bytes,
      intact,
      ...(text === undefined ? {} : { text }),
    }));
  }
}
