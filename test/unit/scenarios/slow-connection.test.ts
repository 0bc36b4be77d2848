import { createServer } from 'node:https';
import type { ServerOptions } from 'node:https';
import type { RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { readSlowly, trickle } from '../../../scenarios/drivers/slow-connection.ts';
import type { Peer } from '../../../scenarios/drivers/slow-connection.ts';
import { identity } from '../clients/servers.ts';

let close: (() => void) | undefined;
afterEach(() => close?.());

async function serve(listener: RequestListener, options: ServerOptions = {}): Promise<Peer> {
  const server = createServer({ ...identity, ...options }, listener);
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { host: '127.0.0.1', port, serverName: 'unit.test', localAddress: '127.0.0.7' };
}

const ok = (response: ServerResponse): unknown => response.end('ok');

/** A header that never ends; says when so many of its pieces were asked for. */
function endless(awaited: number): { readonly pieces: Iterator<string>; readonly reached: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const pieces = (function* () {
    yield 'GET / HTTP/1.1\r\nHost: unit.test\r\n';
    for (let n = 2; ; n += 1) {
      if (n === awaited) resolve();
      yield `X-${String(n)}: a\r\n`;
    }
  })();
  return { pieces, reached: promise };
}

describe('a header that never ends', () => {
  test('lives as long as the server lets it, and comes from its own address', async () => {
    const to = await serve((_, response) => ok(response), { headersTimeout: 400, connectionsCheckingInterval: 20 });
    const { opened, life_ms, status, stopped } = await trickle(to, endless(0).pieces, 50).ended;
    expect({ opened, status, stopped }).toEqual({ opened: true, status: 408, stopped: false });
    expect(life_ms).toBeGreaterThan(390);
    expect(life_ms).toBeLessThan(3_000);
  });

  test('lives until it is stopped when nobody closes it', async () => {
    const to = await serve((_, response) => ok(response), { headersTimeout: 0, requestTimeout: 0 });
    const { pieces, reached } = endless(10);
    const connection = trickle(to, pieces, 20);
    await reached;
    connection.stop();
    const { opened, life_ms, status, stopped } = await connection.ended;
    expect({ opened, status, stopped }).toEqual({ opened: true, status: null, stopped: true });
    expect(life_ms).toBeGreaterThan(8 * 20 * 0.9);
  });

  test('is not there when nobody takes the connection', async () => {
    const to = await serve((_, response) => ok(response));
    close?.();
    expect(await trickle(to, endless(0).pieces, 20).ended).toMatchObject({ opened: false, life_ms: 0, status: null });
  });
});

describe('a slow body', () => {
  const body = (parts: number): Iterator<string> =>
    ['POST / HTTP/1.1\r\nHost: unit.test\r\nConnection: close\r\nContent-Length: ', `${String(parts)}\r\n\r\n`]
      .concat(Array.from({ length: parts }, () => 'b'))
      .values();

  test('arrives piece by piece, and is answered when it is complete', async () => {
    let pieces = 0;
    const to = await serve((request, response) => {
      request.on('data', () => (pieces += 1)).once('end', () => ok(response));
    });
    const { status, life_ms } = await trickle(to, body(10), 30).ended;
    expect(status).toBe(200);
    expect(pieces).toBeGreaterThan(5);
    expect(life_ms).toBeGreaterThan(11 * 30 * 0.9);
  });

  test('goes no further once it was refused', async () => {
    const to = await serve((_, response) => {
      response.writeHead(503, { Connection: 'close' }).end();
    });
    const sent: string[] = [];
    const pieces = Iterator.from(body(1_000)).map((piece) => (sent.push(piece), piece));
    expect(await trickle(to, pieces, 10).ended).toMatchObject({ status: 503, stopped: false });
    expect(sent.length).toBeLessThan(500);
  });
});

describe('a slow reader', () => {
  const REQUEST = 'GET / HTTP/1.1\r\nHost: unit.test\r\n\r\n';
  const large = Buffer.alloc(16 * 1024 * 1024, 'x');

  test('leaves most of a long answer with the server', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const to = await serve((_, response) => {
      response.once('close', () => resolve(response.writableFinished));
      response.end(large);
    });
    const { status, life_ms } = await readSlowly(to, REQUEST, { bytes: 1_000, every_ms: 30, times: 10 }).ended;
    expect(status).toBe(200);
    expect(life_ms).toBeGreaterThan(10 * 30 * 0.9);
    expect(await promise).toBe(false);
  });

  test('that is cut off was there for a shorter time', async () => {
    const to = await serve((_, response) => {
      response.write('a beginning', () => response.destroy());
    });
    const { status, life_ms, stopped } = await readSlowly(to, REQUEST, { bytes: 1_000, every_ms: 20, times: 500 })
      .ended;
    expect({ status, stopped }).toEqual({ status: 200, stopped: false });
    expect(life_ms).toBeLessThan(5_000);
  });
});
