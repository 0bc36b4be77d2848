/**
 * What the vantage agent is asked and what it answers: one JSON object a line,
 * on standard input and output. Times are milliseconds on the agent's monotonic
 * clock, counted from the arrival of the schedule; bodies travel as base64.
 */

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** How to reach a target. `address` is where the packets go; `serverName` is SNI and the default Host. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly tls?: TlsOptions;
}

export interface TlsOptions {
  readonly serverName?: string;
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL cipher string for TLS 1.2 and below (may end in `@SECLEVEL=0`), or TLS 1.3 suite names. */
  readonly ciphers?: string;
  readonly alpn?: readonly string[];
  /** base64 of a session taken from an earlier observation. */
  readonly session?: string;
  readonly requestOcsp?: boolean;
}

export interface RequestSpec {
  readonly method: string;
  /** Sent as it is: no normalisation. */
  readonly path: string;
  /** Host is added from the target unless given; a header may occur twice. */
  readonly headers?: HeaderList;
  /** Literal text, or so many bytes of filler. */
  readonly body?: string | { readonly bytes: number };
  readonly chunked?: boolean;
}

/**
 * One action of a schedule. Steps that name the same `connection` share it
 * (HTTP/1.1: one after the other; HTTP/2: as streams); others get their own.
 */
export interface HttpStep {
  readonly kind: 'http';
  readonly id: string;
  readonly at_ms: number;
  readonly from: string;
  readonly target: Target;
  readonly protocol: 'http/1.1' | 'h2';
  readonly connection?: string;
  /** Open the connection (and finish TLS) this long before the request is due. */
  readonly preconnect?: boolean;
  readonly request: RequestSpec;
  readonly timeout_ms: number;
  /** Keep at most this much of the body (default 64 KiB); the length and hash are of the whole. */
  readonly keepBody?: number;
  /** Read the body no faster than this. */
  readonly readRate_bytesPerS?: number;
}

/** Bytes on a socket, as they are: malformed requests, stalls, idle connections, bare handshakes. */
export interface RawStep {
  readonly kind: 'raw';
  readonly id: string;
  readonly at_ms: number;
  readonly from: string;
  readonly target: Target;
  /** What to write and when, counted from the end of the handshake. `utf8` or base64 text. */
  readonly writes: readonly {
    readonly after_ms: number;
    readonly utf8?: string;
    readonly base64?: string;
    readonly repeat?: number;
  }[];
  /** Stop reading at once (a client that reads nothing). */
  readonly neverRead?: boolean;
  /** With `neverRead`: begin to read after all, this long after the handshake. */
  readonly readFrom_ms?: number;
  /** When to stop watching: the peer closed, this many bytes arrived, or the time-out. */
  readonly until: 'closed' | 'first-byte' | 'handshake';
  readonly timeout_ms: number;
}

export interface WebSocketStep {
  readonly kind: 'websocket';
  readonly id: string;
  readonly at_ms: number;
  readonly from: string;
  readonly target: Target;
  readonly path: string;
  readonly headers?: HeaderList;
  /** Messages to send after the upgrade; each echo is awaited and recorded. */
  readonly messages: readonly { readonly after_ms: number; readonly text?: string; readonly binaryBytes?: number }[];
  /** Stay connected this long after the last message. */
  readonly hold_ms: number;
  readonly timeout_ms: number;
}

export type Step = HttpStep | RawStep | WebSocketStep;

export interface TlsSeen {
  readonly protocol: string;
  readonly cipher: string;
  readonly alpn: string | null;
  readonly reused: boolean;
  /** base64; the session to offer next time. */
  readonly session?: string;
  readonly ticketLifetime_s?: number;
  /** Server certificate: subject CN, issuer CN, subject alternative names, validity, SHA-256; absent on a resumed session. */
  readonly certificate?: {
    readonly subject: string;
    readonly issuer: string;
    readonly altNames: string;
    readonly validFrom: string;
    readonly validTo: string;
    readonly fingerprint256: string;
  };
  /** The chain as the server sent it, leaf first; absent on a resumed session. */
  readonly chain?: readonly { readonly subject: string; readonly issuer: string; readonly fingerprint256: string }[];
  /** base64 DER of the stapled OCSP response; null when asked for and none came. */
  readonly ocsp?: string | null;
}

interface Timed {
  readonly id: string;
  readonly intended_ms: number;
  /** When the first byte of the request was handed to the kernel; null when that never happened. */
  readonly sent_ms: number | null;
  readonly done_ms: number;
  readonly localPort: number | null;
  readonly tls?: TlsSeen;
  /** Why it ended badly: error code (`ECONNREFUSED`, `ECONNRESET`, `TIMEOUT`, `TLS_ALERT_…`, …) and text. */
  readonly error?: { readonly code: string; readonly message: string };
}

export interface HttpObservation extends Timed {
  readonly kind: 'http';
  readonly status: number | null;
  readonly statusText?: string;
  readonly httpVersion?: string;
  /** Lines as they arrived, duplicates and order kept, names as sent. */
  readonly headers: HeaderList;
  readonly firstByte_ms: number | null;
  readonly body_base64: string;
  readonly bodyBytes: number;
  readonly bodySha256: string;
  /** The peer closed the connection after this answer, or sent GOAWAY. */
  readonly closedByPeer: boolean;
  /** Status codes of the interim answers (1xx) that came first. */
  readonly interim?: readonly number[];
  /** Fields that came after the body. */
  readonly trailers?: HeaderList;
}

export interface RawObservation extends Timed {
  readonly kind: 'raw';
  readonly handshake_ms: number | null;
  readonly firstByte_ms: number | null;
  /** When the peer closed (FIN or RST); null when it had not by the end. */
  readonly closed_ms: number | null;
  readonly reset: boolean;
  readonly received_base64: string;
  readonly receivedBytes: number;
}

export interface WebSocketObservation extends Timed {
  readonly kind: 'websocket';
  /** 101 when upgraded, else the refusal's status. */
  readonly status: number | null;
  readonly headers: HeaderList;
  readonly echoes: readonly {
    readonly sent_ms: number;
    readonly received_ms: number | null;
    readonly text?: string;
    readonly bytes: number;
    readonly intact: boolean;
  }[];
  readonly closed_ms: number | null;
  readonly closeCode: number | null;
  /** Code with which the peer answered our own orderly close at the end (1000); 1006 when it just hung up. */
  readonly closeAnswer?: number;
  /** First message of the server: who serves this session. */
  readonly hello?: string;
}

export type Observation = HttpObservation | RawObservation | WebSocketObservation;

/** Host → agent. */
export type AgentRequest =
  | { readonly op: 'schedule'; readonly seq: number; readonly steps: readonly Step[] }
  /** Lines of the arrival log (what backends received) that contain the marker. */
  | { readonly op: 'arrivals'; readonly seq: number; readonly marker: string }
  /** Stops the schedule that was sent as `schedule`: nothing more is started, what runs is dropped. */
  | { readonly op: 'cancel'; readonly seq: number; readonly schedule: number }
  | { readonly op: 'ping'; readonly seq: number };

/** Agent → host. */
export type AgentReply =
  | {
      readonly op: 'schedule';
      readonly seq: number;
      readonly observations: readonly Observation[];
      readonly lateness_ms_max: number;
    }
  | { readonly op: 'arrivals'; readonly seq: number; readonly arrivals: readonly Arrival[] }
  | { readonly op: 'cancel'; readonly seq: number }
  | { readonly op: 'ping'; readonly seq: number }
  | { readonly op: 'failed'; readonly seq: number; readonly message: string };

/**
 * One request as a backend received it: written to the shared arrival log
 * before the application answers, so that "no backend was asked" can be told
 * once the client has its answer.
 */
export interface Arrival {
  readonly instance: string;
  readonly service: string;
  readonly pid: number;
  /** Wall clock of the backend, ms since the epoch. */
  readonly at: number;
  readonly method: string;
  /** Request target as received, percent-encoding included. */
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: HeaderList;
  readonly peer: { readonly address: string; readonly port: number };
  /** Number of this request on its TCP connection, from 1. */
  readonly requestOnConnection: number;
  /** Client address that the application trusts (Fastify's trustProxy, as documented). */
  readonly ip: string;
  readonly upgrade: boolean;
}
