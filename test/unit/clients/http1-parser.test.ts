import { describe, expect, test } from 'vitest';
import { keepsConnection, ResponseParser } from '../../../conformance/clients/http1-parser.ts';
import type { ResponseHead } from '../../../conformance/clients/http1-parser.ts';
import type { HeaderList } from '../../../conformance/clients/protocol.ts';

function parse(wire: string, options: { method?: string; pieces?: number; end?: boolean } = {}) {
  const interim: number[] = [];
  let head: ResponseHead | undefined;
  let trailers: HeaderList = [];
  const body: Buffer[] = [];
  const parser = new ResponseParser(options.method ?? 'GET', {
    interim: (answer) => interim.push(answer.status),
    head: (answer) => (head = answer),
    body: (piece) => body.push(Buffer.from(piece)),
    trailers: (fields) => (trailers = fields),
  });
  const bytes = Buffer.from(wire, 'latin1');
  const size = options.pieces ?? bytes.length;
  for (let i = 0; i < bytes.length && !parser.complete; i += size) parser.feed(bytes.subarray(i, i + size));
  if (options.end === true) parser.end();
  return { parser, interim, head, trailers, body: Buffer.concat(body).toString('latin1') };
}

const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\n6\r\n world\r\n0\r\nDigest: abc\r\n\r\n';

describe('answers come apart the same, however they are cut', () => {
  test.each([1, 2, 7, 1000])('pieces of %i bytes', (pieces) => {
    const wire = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${CHUNKED}`;
    const seen = parse(wire, { pieces });
    expect(seen.interim).toEqual([100, 103]);
    expect(seen.head).toMatchObject({ status: 200, statusText: 'OK', httpVersion: '1.1' });
    expect(seen.body).toBe('hello world');
    expect(seen.trailers).toEqual([['Digest', 'abc']]);
    expect(seen.parser.complete).toBe(true);
  });
});

test('fields keep order, case and duplicates', () => {
  const { head } = parse('HTTP/1.1 200 OK\r\nX-b: 2\r\nx-A: 1\r\nX-b:3 \r\nContent-Length: 0\r\n\r\n');
  expect(head?.headers).toEqual([
    ['X-b', '2'],
    ['x-A', '1'],
    ['X-b', '3'],
    ['Content-Length', '0'],
  ]);
});

test('bare line feeds, folded fields and a missing reason are tolerated', () => {
  const { head, parser } = parse('HTTP/1.0 204\nX: a\n  b\n\n');
  expect(head).toEqual({ httpVersion: '1.0', status: 204, statusText: '', headers: [['X', 'a b']] });
  expect(parser.complete).toBe(true);
});

describe('no body', () => {
  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
  ])('%s %s', (method, wire) => {
    expect(parse(wire, { method }).parser.complete).toBe(true);
  });
});

test('a body without length ends with the connection', () => {
  const { parser, body } = parse('HTTP/1.1 200 OK\r\n\r\nup to the end', { end: true });
  expect(body).toBe('up to the end');
  expect(parser.complete).toBe(true);
});

test('what follows a complete answer is kept apart', () => {
  const { parser, body } = parse('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500');
  expect(body).toBe('ok');
  expect(parser.rest.toString()).toBe('HTTP/1.1 500');
});

describe('broken answers have a code', () => {
  const code = (wire: string): string => {
    try {
      parse(wire, { end: true });
      return 'none';
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : 'other';
    }
  };
  test.each([
    ['', 'EMPTY_RESPONSE'],
    ['HTTP/1.1 200 OK\r\nContent-', 'BAD_RESPONSE'],
    ['<html>no status line</html>\n', 'BAD_RESPONSE'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort', 'TRUNCATED_BODY'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx', 'BAD_RESPONSE'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel', 'TRUNCATED_BODY'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n', 'BAD_RESPONSE'],
    ['HTTP/1.1 200 OK\r\nno colon\r\n\r\n', 'BAD_RESPONSE'],
  ])('%j is %s', (wire, expected) => {
    expect(code(wire)).toBe(expected);
  });

  test('an endless head is given up on', () => {
    expect(() => parse(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1024 * 1024 + 10)}`)).toThrow('longer than 1 MiB');
  });
});

test.each([
  ['1.1', [], true],
  ['1.1', [['Connection', 'Close']], false],
  ['1.0', [], false],
  ['1.0', [['Connection', 'keep-alive']], true],
] as const)('HTTP/%s with %j keeps the connection: %s', (httpVersion, headers, expected) => {
  expect(keepsConnection({ httpVersion, status: 200, statusText: '', headers })).toBe(expected);
});
