import { describe, expect, test } from 'vitest';
import { piecesOf } from '../../../conformance/clients/raw.ts';
import { stateInTable } from '../../../conformance/clients/tcp-state.ts';
import { runOneRaw } from './run.ts';
import { canned, httpsServer, rawStep, scripted } from './servers.ts';

const text = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1');

test('bytes go out as they are, and what comes back is kept', async () => {
  let received = '';
  await using server = await scripted((socket) => {
    socket.on('data', (piece: Buffer) => {
      received += piece.toString('latin1');
      if (received.endsWith('\r\n\r\n')) socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
  });
  const writes = [
    { after_ms: 0, utf8: 'GET / HTTP/1.1\nHost: a\r\n' },
    { after_ms: 20, base64: Buffer.from('X: \u0001\r\n\r\n').toString('base64') },
  ];
  const seen = await runOneRaw(rawStep(server.target, { writes }));
  expect(received).toBe('GET / HTTP/1.1\nHost: a\r\nX: \u0001\r\n\r\n');
  expect(text(seen.received_base64)).toBe('HTTP/1.1 400 Bad Request\r\n\r\n');
  expect(seen).toMatchObject({ reset: false, receivedBytes: 28 });
  expect(seen.closed_ms).toBeGreaterThanOrEqual(20);
  expect(seen.error).toBeUndefined();
});

test('a drip keeps its times', async () => {
  const arrivals: number[] = [];
  await using server = await scripted((socket) => {
    socket.on('data', () => arrivals.push(performance.now()));
  });
  const writes = [0, 40, 80].map((after_ms) => ({ after_ms, utf8: 'x' }));
  await runOneRaw(rawStep(server.target, { writes, timeout_ms: 400 }));
  expect(arrivals).toHaveLength(3);
  const [first = 0, , third = 0] = arrivals;
  expect(third - first).toBeGreaterThan(40);
  expect(third - first).toBeLessThan(1000);
});

test('a repeated write arrives as often as asked for', async () => {
  let bytes = 0;
  await using server = await scripted((socket) => {
    socket.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes === 3_000_000) socket.end();
    });
  });
  await runOneRaw(rawStep(server.target, { writes: [{ after_ms: 0, utf8: 'abc', repeat: 1_000_000 }] }));
  expect(bytes).toBe(3_000_000);
});

test('pieces of a repeated write stay below 64 KiB', () => {
  const sizes = Array.from(piecesOf({ after_ms: 0, utf8: 'abc', repeat: 50_000 }), (piece) => piece.length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(150_000);
  expect(Array.from(piecesOf({ after_ms: 0, utf8: '', repeat: 5 }))).toEqual([]);
});

describe('how a step ends', () => {
  test('the time-out is no failure', async () => {
    await using server = await scripted(() => undefined);
    const seen = await runOneRaw(rawStep(server.target, { timeout_ms: 60 }));
    expect(seen).toMatchObject({ closed_ms: null, reset: false });
    expect(seen.error).toBeUndefined();
    expect(seen.handshake_ms).not.toBeNull();
  });

  test('the first byte', async () => {
    await using server = await canned('hello', 'keep');
    const seen = await runOneRaw(rawStep(server.target, { until: 'first-byte', writes: [{ after_ms: 0, utf8: 'x' }] }));
    expect(seen).toMatchObject({ receivedBytes: 5, closed_ms: null });
    expect(seen.firstByte_ms).not.toBeNull();
  });

  test('a reset', async () => {
    await using server = await canned('hello', 'reset');
    const seen = await runOneRaw(rawStep(server.target, { writes: [{ after_ms: 0, utf8: 'x' }] }));
    expect(seen.reset).toBe(true);
    expect(seen.closed_ms).not.toBeNull();
  });

  test('a server that only listens: the step half-opens nothing and waits', async () => {
    let ended = false;
    await using server = await scripted((socket) => socket.on('end', () => (ended = true)));
    await runOneRaw(rawStep(server.target, { timeout_ms: 60 }));
    // Our side was closed at the end, and not before.
    await expect.poll(() => ended).toBe(true);
  });

  test('nobody listens', async () => {
    const server = await scripted(() => undefined);
    await server[Symbol.asyncDispose]();
    expect(await runOneRaw(rawStep(server.target))).toMatchObject({
      handshake_ms: null,
      error: { code: 'ECONNREFUSED' },
    });
  });
});

test('over TLS', async () => {
  await using server = await httpsServer((_request, response) => response.end('hi'));
  const utf8 = 'GET / HTTP/1.1\r\nHost: unit.test\r\nConnection: close\r\n\r\n';
  const seen = await runOneRaw(rawStep(server.target, { writes: [{ after_ms: 0, utf8 }] }));
  expect(text(seen.received_base64)).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(seen.tls?.protocol).toBe('TLSv1.3');
});

describe('a client that reads nothing', () => {
  test('makes the server’s buffers fill up', async () => {
    let stuck = false;
    await using server = await scripted((socket) => {
      const push = (): void => {
        while (socket.write(Buffer.alloc(262_144)));
        stuck = true;
        socket.once('drain', () => {
          stuck = false;
          push();
        });
      };
      push();
    });
    const seen = await runOneRaw(rawStep(server.target, { neverRead: true, timeout_ms: 300 }));
    expect(stuck).toBe(true);
    expect(seen).toMatchObject({ receivedBytes: 0, firstByte_ms: null, closed_ms: null });
  });

  test.runIf(process.platform === 'linux')('is still told of a reset', async () => {
    await using server = await scripted((socket) => {
      socket.write('something');
      setTimeout(() => socket.resetAndDestroy(), 50);
    });
    const seen = await runOneRaw(rawStep(server.target, { neverRead: true }));
    expect(seen).toMatchObject({ reset: true, receivedBytes: 0 });
    expect(seen.closed_ms).toBeGreaterThanOrEqual(45);
    expect(seen.closed_ms).toBeLessThan(1500);
  });

  test('may begin to read later', async () => {
    await using server = await scripted((socket) => {
      socket.end('late');
    });
    const seen = await runOneRaw(rawStep(server.target, { neverRead: true, readFrom_ms: 80, until: 'first-byte' }));
    expect(seen.receivedBytes).toBe(4);
    expect(seen.firstByte_ms).toBeGreaterThanOrEqual(78);
  });
});

test('the state of a connection is found in the kernel’s table', () => {
  const table =
    '  sl  local_address rem_address   st tx_queue rx_queue\n' +
    '   0: 0100007F:1F90 0100007F:C350 08 00000000:00000001 00:00000000\n';
  const local = { address: '127.0.0.1', port: 8080 };
  const remote = { address: '127.0.0.1', port: 50_000 };
  expect(stateInTable(table, local, remote)).toBe('08');
  expect(stateInTable(table, remote, local)).toBeUndefined();
});
