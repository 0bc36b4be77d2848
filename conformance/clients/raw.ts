import { BodySink } from './body-sink.ts';
import { settledWithin } from './clock.ts';
import type { StepContext } from './clock.ts';
import { toFailure } from './errors.ts';
import { emptyRaw } from './observations.ts';
import type { Draft } from './observations.ts';
import { PieceWriter } from './piece-writer.ts';
import type { RawObservation, RawStep } from './protocol.ts';
import { runTimeline } from './scheduler.ts';
import { openSocket, tlsMember } from './socket.ts';
import type { OpenSocket } from './socket.ts';
import { watchUnread } from './tcp-state.ts';

/** TLS 1.3 tickets follow the handshake; a bare handshake waits this long for them. */
const TICKET_WAIT_MS = 250;
const PIECE_BYTES = 64 * 1024;
const RESET_CODES: readonly string[] = ['ECONNRESET', 'EPIPE', 'ECONNABORTED'];

type Write = RawStep['writes'][number];

/** The bytes of one write, repeated as asked for, in pieces of about 64 KiB. */
export function* piecesOf(write: Write): Generator<Buffer> {
  const once = write.base64 === undefined ? Buffer.from(write.utf8 ?? '') : Buffer.from(write.base64, 'base64');
  if (once.length === 0) return;
  const perPiece = Math.max(1, Math.floor(PIECE_BYTES / once.length));
  for (let left = write.repeat ?? 1; left > 0; left -= perPiece) {
    yield Buffer.concat(Array.from({ length: Math.min(left, perPiece) }, () => once));
  }
}

/** Writes and watches on one open connection until the step's end. */
class RawConversation {
  readonly #step: RawStep;
  readonly #opened: OpenSocket;
  readonly #context: StepContext;
  readonly #draft: Draft<RawObservation>;
  readonly #sink = new BodySink();
  readonly #over = Promise.withResolvers<void>();

  constructor(step: RawStep, opened: OpenSocket, context: StepContext, draft: Draft<RawObservation>) {
    this.#step = step;
    this.#opened = opened;
    this.#context = context;
    this.#draft = draft;
  }

  async run(): Promise<void> {
    const { socket } = this.#opened;
    const stop = new AbortController();
    const { signal } = stop;
    const finish = (): void => this.#over.resolve();
    this.#context.signal.addEventListener('abort', finish, { signal });
    const left_ms = Math.max(0, this.#step.at_ms + this.#step.timeout_ms - this.#context.clock.now_ms());
    const timer = setTimeout(finish, left_ms);
    socket.on('error', (error: unknown) => this.#onError(error));
    socket.on('close', () => this.#onClosed());
    if (this.#step.neverRead === true) this.#watchUnread(signal);
    else this.#read();
    this.#scheduleWrites(signal);
    if (this.#step.until === 'handshake') void this.#afterHandshake();
    await this.#over.promise;
    clearTimeout(timer);
    stop.abort();
    this.#draft.done_ms = this.#context.clock.now_ms();
    this.#draft.received_base64 = this.#sink.kept_base64;
    this.#draft.receivedBytes = this.#sink.bytes;
    socket.removeAllListeners('data').removeAllListeners('close').destroy();
  }

  #read(): void {
    const { socket } = this.#opened;
    socket.on('data', (piece: Buffer) => {
      this.#draft.firstByte_ms ??= this.#context.clock.now_ms();
      this.#sink.add(piece);
      if (this.#step.until === 'first-byte') this.#over.resolve();
    });
    socket.on('end', () => this.#onClosed());
    socket.resume();
  }

  #scheduleWrites(signal: AbortSignal): void {
    const { clock } = this.#context;
    const begin_ms = this.#draft.handshake_ms ?? clock.now_ms();
    const writer = new PieceWriter(this.#opened.socket);
    const writes = this.#step.writes.map((write) => ({
      at_ms: begin_ms + write.after_ms,
      start: (): void => {
        if (this.#opened.socket.destroyed) return;
        writer.push(piecesOf(write));
        this.#draft.sent_ms ??= clock.now_ms();
      },
    }));
    signal.addEventListener('abort', () => writer.stop());
    void runTimeline(writes, { clock, signal });
  }

  /** Who reads nothing sees no close either, unless the kernel is asked. */
  #watchUnread(signal: AbortSignal): void {
    const { socket } = this.#opened;
    const { readFrom_ms } = this.#step;
    const reading = new AbortController();
    if (readFrom_ms !== undefined) {
      const late = setTimeout(() => {
        reading.abort();
        this.#read();
      }, readFrom_ms);
      signal.addEventListener('abort', () => clearTimeout(late));
    }
    void watchUnread(socket, AbortSignal.any([signal, reading.signal])).then((state) => {
      if (state === undefined) return;
      this.#draft.reset ||= state === 'reset';
      // A half-closed peer may still take what we write: that is noted, and the step goes on to its end.
      this.#draft.closed_ms ??= this.#context.clock.now_ms();
      if (this.#step.until === 'closed') this.#over.resolve();
    });
  }

  async #afterHandshake(): Promise<void> {
    const { recorder } = this.#opened;
    if (recorder?.seen()?.protocol === 'TLSv1.3') await settledWithin(recorder.sessionArrived, TICKET_WAIT_MS);
    this.#over.resolve();
  }

  #onError(error: unknown): void {
    const failure = toFailure(error);
    if (RESET_CODES.includes(failure.code)) this.#draft.reset = true;
    else this.#draft.error ??= { code: failure.code, message: failure.message };
    this.#onClosed();
  }

  #onClosed(): void {
    if (this.#opened.writeFailure() !== undefined) this.#draft.reset = true;
    this.#draft.closed_ms ??= this.#context.clock.now_ms();
    // Nothing more can come: whatever was waited for, the step is over.
    this.#over.resolve();
  }
}

/** Runs a raw step; never rejects. Running into the time-out while watching is no failure. */
export async function runRaw(step: RawStep, context: StepContext): Promise<RawObservation> {
  const { clock, signal } = context;
  const { target, from, timeout_ms, neverRead } = step;
  const draft: Draft<RawObservation> = { ...emptyRaw(step, { done_ms: 0 }) };
  let opened: OpenSocket;
  try {
    opened = await openSocket({ target, from, timeout_ms, signal, alpn: [], paused: neverRead === true });
  } catch (error) {
    const { code, message } = toFailure(error);
    draft.done_ms = clock.now_ms();
    draft.error = { code, message };
    draft.reset = code === 'ECONNRESET';
    // A refusal by alert or close in the handshake is the peer's close as well.
    if (draft.reset || code === 'TLS_HANDSHAKE_CLOSED' || code.startsWith('TLS_ALERT_'))
      draft.closed_ms = draft.done_ms;
    return draft;
  }
  draft.handshake_ms = clock.now_ms();
  draft.localPort = opened.localPort;
  await new RawConversation(step, opened, context, draft).run();
  return Object.assign(draft, tlsMember(opened));
}
