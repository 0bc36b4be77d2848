/**
 * Sessions over Socket.IO (protocol 5 on Engine.IO 4, the WebSocket transport alone):
 * events that the server acknowledges by their number.
 */
import { memberOf } from './answer.ts';
import type { SocketIoSeries } from './protocol.ts';
import type { ReportLoss, Sender } from './sender.ts';
import { sessions } from './sessions.ts';
import type { Session, SessionEvents } from './sessions.ts';
import { WebSocketConnection } from './websocket-connection.ts';

/** Packet types: the first character is Engine.IO's, the second Socket.IO's. */
const OPEN = '0';
const CLOSE = '1';
const PING = '2';
const PONG = '3';
const CONNECT = '40';
const DISCONNECT = '41';
const EVENT = '42';
const ACK = '43';
const CONNECT_ERROR = '44';

/** @throws RangeError when the client block of the series is malformed */
export function socketIo(series: SocketIoSeries, report: ReportLoss): Sender {
  const query = `${series.path.includes('?') ? '&' : '?'}EIO=4&transport=websocket`;
  const target = { ...series, path: series.path + query };
  return sessions(series, (from, events) => new SocketIoSession(series, target, from, events), report);
}

class SocketIoSession implements Session {
  readonly #series: SocketIoSeries;
  readonly #events: SessionEvents;
  readonly #connection: WebSocketConnection;
  #servedBy: string | undefined;
  #heartbeat_ms: number | null = null;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(series: SocketIoSeries, target: SocketIoSeries, from: string | undefined, events: SessionEvents) {
    this.#series = series;
    this.#events = events;
    this.#connection = new WebSocketConnection(target, from, {
      opened: () => undefined,
      message: (packet) => this.#take(packet),
      lost: (why) => {
        clearTimeout(this.#heartbeat);
        events.lost(why);
      },
    });
  }

  send(probe: number): void {
    this.#connection.send(`${EVENT}${probe}${JSON.stringify([this.#series.event, { probe }])}`);
  }

  close(): void {
    clearTimeout(this.#heartbeat);
    this.#connection.close();
  }

  #take(packet: string): void {
    if (packet.startsWith(OPEN)) this.#onHandshake(packet.slice(OPEN.length));
    else if (packet === PING) this.#onPing();
    else if (packet.startsWith(CONNECT)) this.#events.opened();
    else if (packet.startsWith(EVENT)) this.#servedBy = memberOf(packet, this.#series.servedByMember) ?? this.#servedBy;
    else if (packet.startsWith(ACK)) this.#onAck(packet);
    else if (packet.startsWith(CONNECT_ERROR)) this.#lose('refused');
    else if (packet.startsWith(DISCONNECT)) this.#lose('disconnected');
    else if (packet.startsWith(CLOSE)) this.#lose('closed');
  }

  /** `{"sid", "pingInterval", "pingTimeout", …}`, ms; a server that skips its ping is gone. */
  #onHandshake(json: string): void {
    const { pingInterval, pingTimeout } = JSON.parse(json) as { pingInterval?: number; pingTimeout?: number };
    if (pingInterval !== undefined && pingTimeout !== undefined) this.#heartbeat_ms = pingInterval + pingTimeout;
    this.#watchHeartbeat();
    this.#connection.send(CONNECT);
  }

  #onPing(): void {
    this.#connection.send(PONG);
    this.#watchHeartbeat();
  }

  #onAck(packet: string): void {
    const number = /^43(\d+)/.exec(packet)?.[1];
    if (number !== undefined) this.#events.answered(Number(number), this.#servedBy);
  }

  #watchHeartbeat(): void {
    clearTimeout(this.#heartbeat);
    if (this.#heartbeat_ms !== null)
      this.#heartbeat = setTimeout(() => this.#lose('heartbeat-missed'), this.#heartbeat_ms);
  }

  #lose(why: string): void {
    this.close();
    this.#events.lost(why);
  }
}
