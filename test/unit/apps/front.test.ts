import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrivalLog } from '../../../environments/apps/service/arrivals.ts';
import type { Arrival } from '../../../environments/apps/service/arrivals.ts';
import { readConfig } from '../../../environments/apps/service/config.ts';
import { Front } from '../../../environments/apps/service/front.ts';
import { InstanceFile } from '../../../environments/apps/service/instance-file.ts';

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** Code of what cut the answer short. */
  readonly error: string | null;
}

const folder = mkdtempSync(join(tmpdir(), 'front-'));
const filePath = join(folder, 'customer-1.json');
let server: Server;
let port = 0;

beforeAll(async () => {
  const config = readConfig({
    INSTANCE: 'customer-1',
    ARRIVALS_DIR: folder,
    RUN_DIR: folder,
    CORS_ORIGINS: 'https://allowed.example',
  });
  const front = new Front({
    config,
    log: () => undefined,
    file: new InstanceFile(filePath),
    record: arrivalLog(config),
    isNamed: (_method, path) => path === '/named',
    named: () => Promise.resolve((_request, response) => void response.end('named')),
    socketIo: () => Promise.resolve(),
    drawServiceTime: () => 5,
    answered: () => undefined,
  });
  server = createServer((request, response) => void front.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
  readonly behave?: unknown;
}

function ask(path: string, { method = 'GET', headers = {}, body, behave }: Asked = {}): Promise<Reply> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void =>
      resolve({ status: 0, headers: {}, body: Buffer.alloc(0), error: error.code ?? error.message });
    const all = behave === undefined ? headers : { ...headers, 'x-behave': JSON.stringify(behave) };
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers: all, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      const done = (error: string | null): void =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks), error });
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
      response.on('end', () => done(null));
    });
    request.on('error', failed).end(body);
  });
}

async function json(path: string, asked: Asked = {}): Promise<Record<string, unknown>> {
  return JSON.parse((await ask(path, asked)).body.toString()) as Record<string, unknown>;
}

function instanceFile(content: unknown): void {
  writeFileSync(`${filePath}.new`, JSON.stringify(content));
  renameSync(`${filePath}.new`, filePath);
}

describe('the echo', () => {
  test('shows target, headers and body as they arrived', async () => {
    const seen = await json('/a%20b/%zz?q=1', {
      method: 'PROPFIND',
      headers: { 'X-Two': ['1', '2'], 'Content-Type': 'odd/type' },
      body: 'hello',
    });
    expect(seen).toMatchObject({
      instance: 'customer-1',
      method: 'PROPFIND',
      url: '/a%20b/%zz?q=1',
      bodyBytes: 5,
      requestOnConnection: 1,
    });
    expect(seen['bodySha256']).toBe(createHash('sha256').update('hello').digest('hex'));
    expect(seen['headers']).toEqual(
      expect.arrayContaining([
        ['X-Two', '1'],
        ['X-Two', '2'],
      ]),
    );
  });

  test('refuses a plain request for the WebSocket and says so', async () => {
    expect(await ask('/ws')).toMatchObject({ status: 426 });
  });
});

describe('the arrival log', () => {
  test('holds a request before its answer is there, without monitoring', async () => {
    await ask('/logged?marker=m1');
    await ask('/metrics', { headers: { 'user-agent': 'Prometheus/3.5' } });
    const [file] = readdirSync(folder).filter((name) => name.endsWith('.ndjson'));
    const lines = readFileSync(join(folder, file ?? ''), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Arrival);
    expect(file).toBe(`customer-1-${String(process.pid)}.ndjson`);
    expect(lines.at(-1)).toMatchObject({ url: '/logged?marker=m1', upgrade: false, requestOnConnection: 1 });
  });
});

describe('behaviour per request', () => {
  test('changes status, headers and body', async () => {
    const reply = await ask('/x', { behave: { status: 503, headers: { 'Set-Cookie': ['a=1', 'b=2'] }, body: 'no' } });
    expect(reply).toMatchObject({ status: 503, headers: { 'set-cookie': ['a=1', 'b=2'] } });
    expect(reply.body.toString()).toBe('no');
  });

  test('fills body and headers to the byte', async () => {
    const reply = await ask('/x', { behave: { bodyBytes: 12_345, headerBytes: 2500 } });
    expect(reply.body.length).toBe(12_345);
    const fillers = Object.entries(reply.headers).filter(([name]) => name.startsWith('x-filler-'));
    expect(fillers.map(([, value]) => String(value).length)).toEqual([1000, 1000, 500]);
  });

  test('compresses by itself', async () => {
    const reply = await ask('/x', { behave: { body: 'text', gzip: true } });
    expect(reply.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(reply.body).toString()).toBe('text');
  });

  test('streams, cuts short and resets', async () => {
    const stream = { chunks: 3, interval_ms: 1, chunkBytes: 10 };
    expect(await ask('/x', { behave: { stream } })).toMatchObject({ status: 200, error: null });
    expect((await ask('/x', { behave: { stream } })).body.length).toBe(30);
    expect(await ask('/x', { behave: { stream, truncate: true } })).toMatchObject({ status: 200, error: 'ECONNRESET' });
    const short = await ask('/x', { behave: { truncate: true, body: 'half' } });
    expect(short).toMatchObject({ status: 200, error: 'ECONNRESET' });
    expect(short.body.toString()).toBe('half');
    expect(Number(short.headers['content-length'])).toBeGreaterThan(4);
    expect(await ask('/x', { behave: { reset: true } })).toMatchObject({ status: 0, error: 'ECONNRESET' });
  });

  test('delays the rest of the headers', async () => {
    const start = performance.now();
    const reply = await ask('/x', { behave: { headerDelay_ms: 60, body: 'slow' } });
    expect(performance.now() - start).toBeGreaterThanOrEqual(55);
    expect(reply).toMatchObject({ status: 200, headers: { 'x-slow-headers': '60', 'x-served-by': 'customer-1' } });
    expect(reply.body.toString()).toBe('slow');
  });

  test('answers without reading the body when asked to', async () => {
    const reply = await ask('/x', { method: 'POST', body: 'unread', behave: { neverRead: true } });
    expect(JSON.parse(reply.body.toString())).toMatchObject({ bodyBytes: null });
    expect(reply.headers.connection).toBe('close');
  });

  test('explains what it does not understand with 400', async () => {
    const reply = await ask('/x', { behave: { colour: 'red' } });
    expect(reply.status).toBe(400);
    expect(reply.body.toString()).toContain('unknown key');
    expect(await ask('/x', { behave: { headers: { 'bad name': 'x' } } })).toMatchObject({ status: 400 });
  });

  test('counts a key and applies to the first so many', async () => {
    const behave = { status: 500, key: 'first-two', first: 2 };
    const statuses: number[] = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await ask('/x', { behave })).status);
    expect(statuses).toEqual([500, 500, 200]);
    expect(await json('/x', { behave: { key: 'first-two' } })).toMatchObject({ hits: 4 });
  });

  test('leaves a named route to its owner unless the answer itself changes', async () => {
    expect((await ask('/named', { behave: { delay_ms: 1 } })).body.toString()).toBe('named');
    expect(await ask('/named', { behave: { status: 502 } })).toMatchObject({ status: 502 });
  });
});

describe('behaviour per instance', () => {
  test('follows its file at once, and the request wins over it', async () => {
    instanceFile({ status: 503 });
    expect((await ask('/x')).status).toBe(503);
    expect((await ask('/x', { behave: { status: 418 } })).status).toBe(418);
    expect((await ask('/health')).status).toBe(200);
    rmSync(filePath);
    expect((await ask('/x')).status).toBe(200);
  });

  test('tells about a file that it does not understand', async () => {
    instanceFile({ statu: 503 });
    const reply = await ask('/x');
    expect(reply.status).toBe(500);
    expect(reply.body.toString()).toContain('behaviour file of customer-1');
    rmSync(filePath);
  });
});

describe('routes', () => {
  test('number cacheable answers and honour the validator', async () => {
    const query = '?cc=max-age%3D60&etag=%22v1%22';
    const first = await ask(`/api/v1/cache/a${query}`);
    const second = await ask(`/api/v1/cache/a${query}`);
    const serial = ({ body }: Reply): number => (JSON.parse(body.toString()) as { serial: number }).serial;
    expect(first.headers).toMatchObject({ 'cache-control': 'max-age=60', etag: '"v1"' });
    expect(serial(second)).toBe(serial(first) + 1);
    expect(await ask(`/api/v1/cache/a${query}`, { headers: { 'if-none-match': 'W/"v1"' } })).toMatchObject({
      status: 304,
    });
    expect((await ask('/api/v1/cache/a')).headers['cache-control']).toBeUndefined();
  });

  test('take the drawn service time and say so', async () => {
    const start = performance.now();
    expect((await ask('/api/v1/browse/x')).headers['x-service-time-ms']).toBe('5.000');
    expect(performance.now() - start).toBeGreaterThanOrEqual(4);
    expect((await ask('/other')).headers['x-service-time-ms']).toBeUndefined();
  });

  test('stream events', async () => {
    const reply = await ask('/api/v1/stream/x?events=2&interval=1');
    expect(reply.headers['content-type']).toBe('text/event-stream');
    expect(reply.body.toString().match(/^data: /gm)).toHaveLength(2);
  });

  test('grant listed origins only', async () => {
    const granted = await ask('/x', { headers: { origin: 'https://allowed.example' } });
    expect(granted.headers['access-control-allow-origin']).toBe('https://allowed.example');
    expect(
      (await ask('/x', { headers: { origin: 'https://evil.example' } })).headers['access-control-allow-origin'],
    ).toBeUndefined();
    const preflight = { origin: 'https://allowed.example', 'access-control-request-method': 'PUT' };
    expect(await ask('/x', { method: 'OPTIONS', headers: preflight })).toMatchObject({ status: 204 });
  });
});
