import { readFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import type { RequestListener, Server as HttpServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { Http2SecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { Server as HttpsServer, ServerOptions } from 'node:https';
import { createServer as createTcp } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import type { HttpStep, RawStep, RequestSpec, Target, WebSocketStep } from '../../../conformance/clients/protocol.ts';

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8');

/** Self-signed for `unit.test`; worth nothing outside these tests. */
export const identity = { key: fixture('key.pem'), cert: fixture('certificate.pem') };

/** A server on a loopback port that `await using` closes, connections included. */
export interface Running<T> extends AsyncDisposable {
  readonly server: T;
  readonly target: Target;
}

async function running<T extends Server>(server: T, tls?: Target['tls']): Promise<Running<T>> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server,
    target: { address: '127.0.0.1', port, ...(tls === undefined ? {} : { tls }) },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function httpServer(listener: RequestListener): Promise<Running<HttpServer>> {
  return running(createHttp(listener));
}

export function httpsServer(listener: RequestListener, options: ServerOptions = {}): Promise<Running<HttpsServer>> {
  return running(createHttps({ ...identity, ...options }, listener), { serverName: 'unit.test' });
}

export function http2Server(): Promise<Running<Http2SecureServer>> {
  return running(createSecureServer({ ...identity, allowHTTP1: false }), { serverName: 'unit.test' });
}

/** A TCP server that does as it is told with each connection. */
export function scripted(onSocket: (socket: Socket) => void): Promise<Running<Server>> {
  return running(createTcp({ allowHalfOpen: true }, onSocket));
}

/** Answers each connection's first bytes with these, then closes if told so. */
export function canned(answer: string | Buffer, after: 'close' | 'reset' | 'keep' = 'close'): Promise<Running<Server>> {
  return scripted((socket) => {
    socket.once('data', () => {
      socket.write(answer, () => {
        if (after === 'close') socket.end();
        if (after === 'reset') socket.resetAndDestroy();
      });
    });
  });
}

export function httpStep(target: Target, request: Partial<RequestSpec> = {}, rest: Partial<HttpStep> = {}): HttpStep {
  return {
    kind: 'http',
    id: 'step',
    at_ms: 0,
    from: '127.0.0.1',
    target,
    protocol: 'http/1.1',
    timeout_ms: 3000,
    ...rest,
    request: { method: 'GET', path: '/', ...request },
  };
}

export function rawStep(target: Target, rest: Partial<RawStep> = {}): RawStep {
  return {
    kind: 'raw',
    id: 'step',
    at_ms: 0,
    from: '127.0.0.1',
    target,
    writes: [],
    until: 'closed',
    timeout_ms: 3000,
    ...rest,
  };
}

export function webSocketStep(target: Target, rest: Partial<WebSocketStep> = {}): WebSocketStep {
  return {
    kind: 'websocket',
    id: 'step',
    at_ms: 0,
    from: '127.0.0.1',
    target,
    path: '/ws',
    messages: [],
    hold_ms: 0,
    timeout_ms: 3000,
    ...rest,
  };
}
