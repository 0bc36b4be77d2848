import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bodyText, header, headersNamed } from '../../../conformance/clients/observe.ts';
import { runHttp, runOneHttp } from './run.ts';
import { canned, httpServer, httpStep, scripted } from './servers.ts';

/** Records what a connection sends and answers each complete head. */
function recording(answer: string) {
  const seen: string[] = [];
  return {
    seen,
    start: () =>
      scripted((socket) => {
        socket.on('data', (piece: Buffer) => {
          seen.push(piece.toString('latin1'));
          if (piece.includes('\r\n\r\n')) socket.write(answer);
        });
        socket.on('end', () => socket.end());
      }),
  };
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('what is sent', () => {
  test('path, header order and duplicates go out as they are', async () => {
    const record = recording(OK);
    await using server = await record.start();
    const headers = [
      ['X-B', '1'],
      ['host', 'example.test'],
      ['x-a', '2'],
      ['X-B', '3'],
    ] as const;
    await runOneHttp(httpStep(server.target, { path: '/a/../b//%2e%zz?q=1', headers }));
    expect(record.seen.join('')).toBe(
      'GET /a/../b//%2e%zz?q=1 HTTP/1.1\r\nX-B: 1\r\nhost: example.test\r\nx-a: 2\r\nX-B: 3\r\n\r\n',
    );
  });

  test('a small body travels with its head', async () => {
    const record = recording(OK);
    await using server = await record.start();
    await runOneHttp(httpStep(server.target, { method: 'POST', body: 'grüße' }));
    const { address, port } = server.target;
    expect(record.seen).toEqual([
      Buffer.from(`POST / HTTP/1.1\r\nHost: ${address}:${port}\r\nContent-Length: 7\r\n\r\ngrüße`).toString('latin1'),
    ]);
  });

  test.each([false, true])('a large filler body arrives whole (chunked: %s)', async (chunked) => {
    await using server = await httpServer((request, response) => {
      let bytes = 0;
      request.on('data', (piece: Buffer) => (bytes += piece.length));
      request.on('end', () => response.end(`${bytes} ${request.headers['transfer-encoding'] ?? 'by length'}`));
    });
    const step = httpStep(server.target, { method: 'PUT', body: { bytes: 3_000_001 }, chunked });
    expect(bodyText(await runOneHttp(step))).toBe(`3000001 ${chunked ? 'chunked' : 'by length'}`);
  });

  test('a body waits for 100 Continue', async () => {
    await using server = await httpServer((request, response) => {
      request.resume().on('end', () => response.end('done'));
    });
    const request = { method: 'POST', body: 'x', headers: [['Expect', '100-continue']] } as const;
    const seen = await runOneHttp(httpStep(server.target, request));
    expect(seen).toMatchObject({ status: 200, interim: [100] });
  });
});

describe('what is recorded', () => {
  test('status, header lines, body, hash and times', async () => {
    await using server = await canned(
      'HTTP/1.1 200 Fine\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 5\r\n\r\nhello',
    );
    const seen = await runOneHttp(httpStep(server.target, {}, { at_ms: 20, keepBody: 3 }));
    expect(seen).toMatchObject({ status: 200, statusText: 'Fine', httpVersion: '1.1', bodyBytes: 5, intended_ms: 20 });
    expect(seen.error).toBeUndefined();
    expect(bodyText(seen)).toBe('hel');
    expect(seen.bodySha256).toBe(createHash('sha256').update('hello').digest('hex'));
    expect(headersNamed(seen, 'SET-COOKIE')).toEqual(['a=1', 'b=2']);
    expect(header(seen, 'nothing')).toBeUndefined();
    const times = [20, seen.sent_ms, seen.firstByte_ms, seen.done_ms];
    expect(times).toEqual(times.toSorted((a, b) => Number(a) - Number(b)));
    expect(seen.localPort).toBeGreaterThan(0);
  });

  test('the address that packets come from', async () => {
    await using server = await httpServer((request, response) => response.end(request.socket.remoteAddress));
    expect(bodyText(await runOneHttp(httpStep(server.target, {}, { from: '127.77.0.9' })))).toBe('127.77.0.9');
  });

  test('chunked with trailers', async () => {
    await using server = await canned(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n',
      'keep',
    );
    const seen = await runOneHttp(httpStep(server.target));
    expect(bodyText(seen)).toBe('abc');
    expect(seen).toMatchObject({ trailers: [['X-Sum', '6']], closedByPeer: false });
  });

  test('an announced close is waited for and noted', async () => {
    await using server = await canned('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    expect((await runOneHttp(httpStep(server.target))).closedByPeer).toBe(true);
  });
});

describe('broken answers', () => {
  test('a truncated body keeps what came', async () => {
    await using server = await canned('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this');
    const seen = await runOneHttp(httpStep(server.target));
    expect(seen).toMatchObject({ status: 200, bodyBytes: 9, closedByPeer: true, error: { code: 'TRUNCATED_BODY' } });
  });

  test('a reset within the body keeps what came', async () => {
    await using server = await scripted((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart');
        // The client has confirmed nothing yet, so the reset waits until it has read.
        setTimeout(() => socket.resetAndDestroy(), 50);
      });
    });
    const seen = await runOneHttp(httpStep(server.target));
    expect(seen).toMatchObject({ status: 200, bodyBytes: 4, error: { code: 'ECONNRESET' } });
  });

  test('nothing at all', async () => {
    await using server = await canned('');
    expect(await runOneHttp(httpStep(server.target))).toMatchObject({
      status: null,
      error: { code: 'EMPTY_RESPONSE' },
    });
  });

  test('another protocol', async () => {
    await using server = await canned('SSH-2.0-OpenSSH\r\n', 'keep');
    expect((await runOneHttp(httpStep(server.target))).error?.code).toBe('BAD_RESPONSE');
  });

  test('silence ends with the time-out', async () => {
    await using server = await scripted(() => undefined);
    const seen = await runOneHttp(httpStep(server.target, {}, { timeout_ms: 80 }));
    expect(seen).toMatchObject({ status: null, error: { code: 'TIMEOUT' } });
    expect(seen.done_ms).toBeGreaterThanOrEqual(78);
    expect(seen.done_ms).toBeLessThan(1000);
  });

  test('nobody listens', async () => {
    const server = await httpServer(() => undefined);
    await server[Symbol.asyncDispose]();
    const seen = await runOneHttp(httpStep(server.target));
    expect(seen).toMatchObject({ status: null, sent_ms: null, error: { code: 'ECONNREFUSED' } });
  });

  test('an address that is not ours', async () => {
    await using server = await httpServer(() => undefined);
    expect((await runOneHttp(httpStep(server.target, {}, { from: '192.0.2.1' }))).error?.code).toBe('EADDRNOTAVAIL');
  });
});

describe('an answer before the end of the upload', () => {
  const EARLY = 'HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig';

  test.each(['lingering', 'abrupt'])('413 is recorded when the close is %s', async (manner) => {
    await using server = await scripted((socket) => {
      socket.once('data', () => {
        socket.pause();
        socket.write(EARLY, () => {
          if (manner === 'lingering') socket.end(() => socket.resume());
          else socket.destroy();
        });
      });
    });
    const request = { method: 'POST', body: { bytes: 50_000_000 } };
    const seen = await runOneHttp(httpStep(server.target, request));
    expect(seen).toMatchObject({ status: 413, closedByPeer: true });
    expect(bodyText(seen)).toBe('big');
    expect(seen.error).toBeUndefined();
  });

  test('without any answer it is the reset that is told', async () => {
    await using server = await scripted((socket) => {
      socket.once('data', () => socket.pause().destroy());
    });
    const seen = await runOneHttp(httpStep(server.target, { method: 'POST', body: { bytes: 50_000_000 } }));
    expect(seen).toMatchObject({ status: null, closedByPeer: true });
    expect(['ECONNRESET', 'EPIPE']).toContain(seen.error?.code);
  });
});

describe('a shared connection', () => {
  const shared = { connection: 'a', timeout_ms: 1000 };

  test('carries requests one after the other, in order', async () => {
    const ports: (number | undefined)[] = [];
    await using server = await httpServer((request, response) => {
      ports.push(request.socket.remotePort);
      setTimeout(() => response.end(request.url), request.url === '/0' ? 60 : 0);
    });
    const steps = [0, 1, 2].map((n) =>
      httpStep(server.target, { path: `/${n}` }, { ...shared, id: `s${n}`, at_ms: n }),
    );
    const seen = await runHttp(...steps);
    expect(seen.map(bodyText)).toEqual(['/0', '/1', '/2']);
    expect(new Set(ports).size).toBe(1);
    expect(seen[1]?.sent_ms).toBeGreaterThanOrEqual(seen[0]?.done_ms ?? Infinity);
    expect(seen.map((observation) => observation.closedByPeer)).toEqual([false, false, false]);
  });

  test('that the peer closes fails the steps behind, and only notes it on the one before', async () => {
    await using server = await canned('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    const seen = await runHttp(
      httpStep(server.target, {}, { ...shared, id: 'one' }),
      httpStep(server.target, {}, { ...shared, id: 'two', at_ms: 300 }),
    );
    expect(seen[0]).toMatchObject({ status: 200, closedByPeer: true });
    expect(seen[1]).toMatchObject({ status: null, sent_ms: null, error: { code: 'CONNECTION_CLOSED' } });
  });

  test('with bytes that nobody asked for is not used again', async () => {
    await using server = await canned(`${OK}HTTP/1.1 200 OK\r\n`, 'keep');
    const seen = await runHttp(
      httpStep(server.target, {}, { ...shared, id: 'one' }),
      httpStep(server.target, {}, { ...shared, id: 'two', at_ms: 10 }),
    );
    expect(seen[0]).toMatchObject({ status: 200, closedByPeer: false });
    expect(seen[1]?.error?.code).toBe('UNSOLICITED_DATA');
  });
});

test('a slow reader takes its time', async () => {
  await using server = await httpServer((_request, response) => response.end(Buffer.alloc(20_000, 'x')));
  const seen = await runOneHttp(httpStep(server.target, {}, { readRate_bytesPerS: 100_000 }));
  expect(seen.bodyBytes).toBe(20_000);
  expect(seen.done_ms).toBeGreaterThan(150);
  expect(seen.done_ms).toBeLessThan(1500);
});
