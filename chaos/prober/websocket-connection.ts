/** A WebSocket client on a socket of its own: handshake, text messages, ping and pong, close. */
import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';

import { AnswerReader } from './answer.ts';
import type { Answer } from './answer.ts';
import { connect, requestText } from './connect.ts';
import type { Endpoint } from './protocol.ts';
import { clientFrame, FrameReader, OPCODE } from './websocket-frames.ts';
import type { Frame } from './websocket-frames.ts';

/** RFC 6455, section 1.3. */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const NO_STATUS = 1005;

export interface WebSocketTarget extends Endpoint {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface WebSocketHandlers {
  opened(): void;
  message(text: string): void;
  /** Called once, before or after `opened`, never after our own `close`. */
  lost(why: string): void;
}

export class WebSocketConnection {
  readonly #socket: Socket;
  readonly #handlers: WebSocketHandlers;
  readonly #key = randomBytes(16).toString('base64');
  readonly #answer = new AnswerReader();
  readonly #frames = new FrameReader();
  #fragments: Buffer[] = [];
  #state: 'opening' | 'open' | 'over' = 'opening';

  constructor(target: WebSocketTarget, from: string | undefined, handlers: WebSocketHandlers) {
    this.#handlers = handlers;
    const headers = {
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': this.#key,
      'Sec-WebSocket-Version': '13',
      ...target.headers,
    };
    const { path, host } = target;
    const request = requestText({ method: 'GET', path, host, connection: 'Upgrade', headers }, from);
    this.#socket = connect(target, from, () => this.#socket.write(request));
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#socket.once('end', () => this.#lose('ended'));
    this.#socket.once('close', () => this.#lose('ended'));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#lose(error.code ?? error.message));
  }

  send(text: string): void {
    if (this.#state === 'open') this.#socket.write(clientFrame(OPCODE.text, Buffer.from(text)));
  }

  /** Says goodbye where it can and forgets the connection. */
  close(): void {
    if (this.#state === 'open') this.#socket.write(clientFrame(OPCODE.close, Buffer.from([0x03, 0xe8])));
    this.#leave();
  }

  #onData(chunk: Buffer): void {
    if (this.#state === 'opening') this.#onHandshake(this.#answer.push(chunk));
    else if (this.#state === 'open') this.#read(chunk);
  }

  #onHandshake(answer: Answer | 'incomplete' | 'truncated'): void {
    if (answer === 'incomplete') return;
    if (answer === 'truncated') {
      this.#lose('handshake-malformed');
      return;
    }
    const refusal = this.#refusalIn(answer);
    if (refusal === null) this.#onAccepted(answer.rest);
    else this.#lose(refusal);
  }

  /** What came behind the answer is the first of the frames. */
  #onAccepted(rest: string): void {
    this.#state = 'open';
    this.#handlers.opened();
    this.#read(Buffer.from(rest, 'latin1'));
  }

  #refusalIn({ status, headers }: Answer): string | null {
    if (status !== 101) return `handshake-${status}`;
    const accept = createHash('sha1').update(`${this.#key}${ACCEPT_SUFFIX}`).digest('base64');
    return headers.get('sec-websocket-accept') === accept ? null : 'handshake-not-accepted';
  }

  #read(bytes: Buffer): void {
    try {
      for (const frame of this.#frames.push(bytes)) this.#take(frame);
    } catch {
      this.#lose('protocol-error');
    }
  }

  #take({ opcode, final, payload }: Frame): void {
    if (this.#state !== 'open') return;
    if (opcode === OPCODE.close) {
      const code = payload.length >= 2 ? payload.readUInt16BE(0) : NO_STATUS;
      this.#socket.write(clientFrame(OPCODE.close, payload));
      this.#lose(`closed-${code}`);
    } else if (opcode === OPCODE.ping) {
      this.#socket.write(clientFrame(OPCODE.pong, payload));
    } else if (opcode !== OPCODE.pong) {
      this.#fragments.push(payload);
      if (!final) return;
      const text = Buffer.concat(this.#fragments).toString('utf8');
      this.#fragments = [];
      this.#handlers.message(text);
    }
  }

  #lose(why: string): void {
    if (this.#state === 'over') return;
    this.#leave();
    this.#handlers.lost(why);
  }

  /** What is written goes out first; a connection that never opened has nothing to wait for. */
  #leave(): void {
    if (this.#state === 'opening') this.#socket.destroy();
    else this.#socket.destroySoon();
    this.#state = 'over';
  }
}
