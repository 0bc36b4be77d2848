import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import type { StepContext } from './clock.ts';
import { cancelled, ClientError, timedOut, toFailure } from './errors.ts';
import { authorityOf, hasField } from './http1-request.ts';
import { emptyWebSocket } from './observations.ts';
import type { Draft } from './observations.ts';
import type { HeaderList, WebSocketObservation, WebSocketStep } from './protocol.ts';
import { runTimeline } from './scheduler.ts';
import { openSocket, tlsMember } from './socket.ts';
import type { OpenSocket } from './socket.ts';
import { EchoBook, payloadOf } from './websocket-echo.ts';

/** How long the answer to our own close is waited for on a busy machine. */
const CLOSE_WAIT_MS = 5000;
const PROTOCOL_FIELD = 'sec-websocket-protocol';

function rawHeaders(message: IncomingMessage): HeaderList {
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    list.push([message.rawHeaders[i] ?? '', message.rawHeaders[i + 1] ?? '']);
  }
  return list;
}

/** Fields for the handshake as Node wants them; repeated names become arrays. */
function handshakeHeaders(step: WebSocketStep): Record<string, string | string[]> {
  const fields = new Map<string, { name: string; values: string[] }>();
  const given = step.headers ?? [];
  const all: HeaderList = hasField(given, 'host') ? given : [['Host', authorityOf(step.target)], ...given];
  for (const [name, value] of all) {
    const key = name.toLowerCase();
    if (key === PROTOCOL_FIELD) continue;
    const field = fields.get(key) ?? { name, values: [] };
    field.values.push(value);
    fields.set(key, field);
  }
  return Object.fromEntries(
    Array.from(fields.values(), ({ name, values }) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
}

function subprotocols(step: WebSocketStep): string[] {
  return (step.headers ?? [])
    .filter(([name]) => name.toLowerCase() === PROTOCOL_FIELD)
    .flatMap(([, value]) => value.split(',').map((name) => name.trim()));
}

async function dial(step: WebSocketStep, opened: OpenSocket): Promise<WebSocket> {
  // Loaded when first needed: an agent that speaks no WebSocket runs without the package.
  const { WebSocket: Client } = await import('ws');
  return new Client(`ws://${authorityOf(step.target)}/`, subprotocols(step), {
    createConnection: () => opened.socket,
    headers: handshakeHeaders(step),
    perMessageDeflate: false,
    finishRequest: (request) => {
      // The path as it was given: a URL would have been normalised.
      request.path = step.path;
      request.end();
    },
  });
}

/** A WebSocket session from the handshake to its end. */
class WebSocketSession {
  readonly #step: WebSocketStep;
  readonly #context: StepContext;
  readonly #client: WebSocket;
  readonly #draft: Draft<WebSocketObservation>;
  readonly #book = new EchoBook();
  readonly #over = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  #allSent = false;
  #held = false;
  #closing = false;

  constructor(step: WebSocketStep, context: StepContext, client: WebSocket, draft: Draft<WebSocketObservation>) {
    this.#step = step;
    this.#context = context;
    this.#client = client;
    this.#draft = draft;
  }

  async run(): Promise<void> {
    const { signal } = this.#stop;
    const { clock } = this.#context;
    const left_ms = Math.max(1, this.#step.at_ms + this.#step.timeout_ms - clock.now_ms());
    const timer = setTimeout(() => this.#onTimeout(), left_ms);
    this.#context.signal.addEventListener('abort', () => this.#fail(cancelled()), { signal });
    this.#client
      .on('upgrade', (response) => this.#onUpgrade(response))
      .on('open', () => void this.#converse())
      .on('unexpected-response', (_request, response) => this.#onRefusal(response))
      .on('message', (data: Buffer, binary) => this.#onMessage(data, binary))
      .on('close', (code) => this.#onClose(code))
      .on('error', (error) => this.#fail(error));
    await this.#over.promise;
    clearTimeout(timer);
    this.#stop.abort();
    this.#draft.done_ms = clock.now_ms();
    this.#draft.echoes = this.#book.echoes;
    if (this.#book.hello !== undefined) this.#draft.hello = this.#book.hello;
    this.#client.terminate();
  }

  #onUpgrade(response: IncomingMessage): void {
    this.#draft.status = response.statusCode ?? null;
    this.#draft.headers = rawHeaders(response);
  }

  #onRefusal(response: IncomingMessage): void {
    this.#onUpgrade(response);
    response.resume();
    this.#over.resolve();
  }

  async #converse(): Promise<void> {
    const { clock } = this.#context;
    const begin_ms = clock.now_ms();
    const { signal } = this.#stop;
    const sends = this.#step.messages.map((message) => ({
      at_ms: begin_ms + message.after_ms,
      start: (): void => this.#send(message),
    }));
    await runTimeline(sends, { clock, signal });
    this.#allSent = true;
    await runTimeline([{ at_ms: clock.now_ms() + this.#step.hold_ms, start: () => (this.#held = true) }], {
      clock,
      signal,
    });
    this.#closeWhenDone();
  }

  #send(message: WebSocketStep['messages'][number]): void {
    if (this.#client.readyState !== this.#client.OPEN) return;
    const { payload, binary } = payloadOf(message);
    this.#book.sent(payload, binary, this.#context.clock.now_ms());
    this.#client.send(payload, { binary });
  }

  #onMessage(data: Buffer, binary: boolean): void {
    this.#book.received(data, binary, this.#context.clock.now_ms());
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (!this.#allSent || !this.#held || !this.#book.settled || this.#closing) return;
    this.#closing = true;
    this.#client.close(1000);
    const late = setTimeout(() => this.#over.resolve(), CLOSE_WAIT_MS);
    this.#stop.signal.addEventListener('abort', () => clearTimeout(late));
  }

  #onClose(code: number): void {
    // Our own orderly close at the end is no event of the peer's.
    if (this.#closing) this.#draft.closeAnswer = code;
    else {
      this.#draft.closed_ms = this.#context.clock.now_ms();
      this.#draft.closeCode = code;
    }
    this.#over.resolve();
  }

  #onTimeout(): void {
    const lost = this.#draft.status === 101 && this.#allSent && this.#held;
    // Echoes that never came are told by the echoes themselves.
    if (lost) this.#over.resolve();
    else
      this.#fail(
        timedOut(this.#draft.status === 101 ? 'WebSocket session' : 'WebSocket upgrade', this.#step.timeout_ms),
      );
  }

  #fail(error: unknown): void {
    const { code, message } = toFailure(error);
    if (this.#draft.status === 101 && code !== 'TIMEOUT' && code !== 'CANCELLED') {
      this.#draft.closed_ms ??= this.#context.clock.now_ms();
      this.#draft.closeCode ??= 1006;
    }
    this.#draft.error ??= { code, message };
    this.#over.resolve();
  }
}

/** Runs a WebSocket step; never rejects. */
export async function runWebSocket(step: WebSocketStep, context: StepContext): Promise<WebSocketObservation> {
  const { clock, signal } = context;
  const { target, from, timeout_ms } = step;
  const draft: Draft<WebSocketObservation> = { ...emptyWebSocket(step, { done_ms: 0 }) };
  try {
    const opened = await openSocket({ target, from, timeout_ms, signal, alpn: ['http/1.1'] });
    draft.localPort = opened.localPort;
    const client = await dial(step, opened);
    draft.sent_ms = clock.now_ms();
    await new WebSocketSession(step, context, client, draft).run();
    return Object.assign(draft, tlsMember(opened));
  } catch (error) {
    const { code, message } = toFailure(
      error instanceof ClientError ? error : new ClientError('WEBSOCKET', String(error), { cause: error }),
    );
    draft.done_ms = clock.now_ms();
    draft.error = { code, message };
    return draft;
  }
}
