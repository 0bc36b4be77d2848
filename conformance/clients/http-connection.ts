import type { HttpObservation, HttpStep } from './protocol.ts';

/** A connection that carries requests: one after the other (HTTP/1.1) or as streams (HTTP/2). */
export interface HttpConnection {
  /** Whether a request would go out at once. */
  readonly ready: boolean;
  /** Sends a request when its turn has come; never rejects. */
  request(step: HttpStep): Promise<HttpObservation>;
  /** Closes the connection at once. */
  close(): void;
}
