/** New connections, and the text of requests. */
import net from 'node:net';
import tls from 'node:tls';
import type { SecureContext } from 'node:tls';

import type { Endpoint } from './protocol.ts';

/**
 * What TLS connections of a series share. Connections are new, handshakes are resumed
 * where the gateway lets them, as clients do: a hundred full handshakes a second would
 * make the prober itself late. A session that is refused costs one full handshake.
 */
interface Shared {
  readonly context: SecureContext;
  session: Buffer | undefined;
}

const shared = new WeakMap<Endpoint, Shared>();

/** Connects from a local address; `opened` is called when requests can be written. */
export function connect(endpoint: Endpoint, from: string | undefined, opened: () => void): net.Socket {
  const where = { host: endpoint.address, port: endpoint.port, ...(from ? { localAddress: from } : {}) };
  const socket = endpoint.tls ? connectTls(endpoint, endpoint.tls, where) : net.connect(where);
  socket.setNoDelay(true);
  socket.once(endpoint.tls ? 'secureConnect' : 'connect', opened);
  return socket;
}

function connectTls(
  endpoint: Endpoint,
  { serverName, ca }: NonNullable<Endpoint['tls']>,
  where: net.TcpNetConnectOpts,
): net.Socket {
  // Made once: reading the certificates again for each connection costs more than the handshake.
  const common = shared.get(endpoint) ?? { context: tls.createSecureContext(ca ? { ca } : {}), session: undefined };
  shared.set(endpoint, common);
  const socket = tls.connect({
    ...where,
    ...(common.session ? { session: common.session } : {}),
    secureContext: common.context,
    servername: serverName,
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: ca !== undefined,
  });
  socket.on('session', (fresh) => (common.session = fresh));
  return socket;
}

export interface RequestParts {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  /** The field Connection. */
  readonly connection: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An HTTP/1.1 request; `{from}` in a field's value becomes the sender's address. */
export function requestText(parts: RequestParts, from: string | undefined): string {
  const { method, path, host, connection, body = '' } = parts;
  const headers: Record<string, string> = {
    Host: host,
    Connection: connection,
    ...(method === 'GET' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
    ...parts.headers,
  };
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${value.replaceAll('{from}', from ?? 'anybody')}\r\n`,
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
