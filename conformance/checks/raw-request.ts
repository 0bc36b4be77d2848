import type { Client, Planned } from '../gateway.ts';

/** Text of a request by hand: what a library would put right or refuse to send. */
export interface RawHead {
  readonly method?: string;
  /** HTTP version of the request line. */
  readonly version?: string;
  readonly path: string;
  /** As for an ordinary request: replaces one of its headers, `null` drops it. */
  readonly headers?: Planned['headers'];
  readonly behave?: Planned['behave'];
  /** Further header lines, as they are. */
  readonly lines?: readonly string[];
}

/** Request line and headers of an ordinary request of this client, with whatever is wrong about it. */
export function rawHead(client: Client, head: RawHead): string {
  const { method = 'GET', version = 'HTTP/1.1', path, headers = {}, behave, lines = [] } = head;
  const { request } = client.step({ path, headers, ...(behave ? { behave } : {}) }, 0);
  const fields = (request.headers ?? []).map(([name, value]) => `${name}: ${value}`);
  return `${[`${method} ${path} ${version}`, ...fields, ...lines].join('\r\n')}\r\n\r\n`;
}

/** Status of the first answer in bytes that came back; `undefined` when they are none. */
export function rawStatus(received_base64: string): number | undefined {
  const text = Buffer.from(received_base64, 'base64').toString('latin1');
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
  return status === undefined ? undefined : Number(status);
}
