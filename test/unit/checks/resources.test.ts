import { describe, expect, test } from 'vitest';
import { judgeBuffered, judgeBuffers } from '../../../conformance/checks/buffering.ts';
import {
  connectionsOf,
  firstServerOnly,
  judgeRequests,
  judgeReused,
} from '../../../conformance/checks/upstream-connections.ts';
import { judgeIdle, judgeIdleConfigured } from '../../../conformance/checks/upstream-idle.ts';
import type { Arrival } from '../../../conformance/clients/protocol.ts';
import { arrival } from './observations.ts';

/** So many requests on one connection, numbered from 1. */
const series = (port: number, count: number, rest: Partial<Arrival> = {}): Arrival[] =>
  Array.from({ length: count }, (_, index) =>
    arrival('customer-services', [], {
      peer: { address: '198.18.64.11', port },
      requestOnConnection: index + 1,
      ...rest,
    }),
  );

test('an upstream keeps its first server alone', () => {
  const text =
    'upstream a {\n    zone a 64k;\n    server x:1;\n    server y:1 backup;\n    keepalive 4;\n}\nserver {\n    listen 80;\n}\nupstream b {\n    server z:1;\n}';
  expect(firstServerOnly('', text)).toBe(text.replace('    server y:1 backup;\n', ''));
});

test('connections are told apart by instance and port', () => {
  const seen = connectionsOf([...series(1, 3), ...series(2, 2), ...series(1, 1, { instance: 'customer-2' })]);
  expect(seen.map(({ instance, requests, last }) => [instance, requests, last])).toEqual([
    ['customer-1', 3, 3],
    ['customer-1', 2, 2],
    ['customer-2', 1, 1],
  ]);
});

describe('reuse', () => {
  test('is one or two connections an instance', () => {
    expect(judgeReused('customer', series(1, 30), 'HTTP/1.1').verdict).toBe('conforms');
    expect(judgeReused('customer', [...series(1, 20), ...series(2, 10)], 'HTTP/1.1').verdict).toBe('conforms');
  });

  test('is not a connection a request', () => {
    const each = Array.from({ length: 30 }, (_, index) => series(index + 1, 1)).flat();
    expect(judgeReused('customer', each, 'HTTP/1.1').verdict).toBe('deviates');
  });

  test('needs HTTP/1.1 and no Connection header', () => {
    expect(judgeReused('customer', series(1, 30, { httpVersion: '1.0' }), 'HTTP/1.1').verdict).toBe('deviates');
    expect(judgeReused('customer', series(1, 30, { headers: [['Connection', 'close']] }), 'HTTP/1.1').verdict).toBe(
      'deviates',
    );
  });

  test('ends after the promised number of requests', () => {
    expect(judgeRequests('customer', 100, [...series(1, 100), ...series(2, 30)]).verdict).toBe('conforms');
    expect(judgeRequests('customer', 100, series(1, 130)).verdict).toBe('deviates');
    expect(judgeRequests('customer', 100, [...series(1, 50), ...series(2, 50), ...series(3, 30)]).verdict).toBe(
      'deviates',
    );
  });

  test('that never reached the number tells nothing good', () => {
    expect(judgeRequests('customer', 100, series(1, 90)).verdict).toBe('deviates');
  });
});

describe('an idle connection', () => {
  const [a, b, c] = [series(1, 1)[0], series(1, 2, { at: 4_800 })[1], series(2, 1, { at: 12_800 })[0]];
  const right = { name: 'customer', first: a, within: b, beyond: c, closedByGateway: [1] };

  test('is reused before its time and closed by the gateway after it', () => {
    expect(judgeIdle(60, 10, [right]).verdict).toBe('conforms');
  });

  test('that is closed too early, too late or by the backend is wrong', () => {
    expect(judgeIdle(60, 10, [{ ...right, within: c && { ...c, at: 4_800 } }])).toMatchObject({
      verdict: 'deviates',
      observed: expect.stringContaining('not reused') as string,
    });
    expect(judgeIdle(60, 10, [{ ...right, beyond: b && { ...b, at: 12_800 } }])).toMatchObject({
      verdict: 'deviates',
      observed: expect.stringContaining('still used') as string,
    });
    expect(judgeIdle(60, 10, [{ ...right, closedByGateway: [] }])).toMatchObject({
      verdict: 'deviates',
      observed: expect.stringContaining('not closed by the gateway') as string,
    });
  });
});

test('an idle connection that the service closed is told so', () => {
  const [a, c] = [series(1, 1)[0], series(2, 1, { at: 4_800 })[0]];
  const seen = { name: 'customer', first: a, within: c, beyond: series(3, 1, { at: 12_800 })[0], closedByGateway: [] };
  expect(judgeIdle(60, 10, [seen])).toMatchObject({
    verdict: 'deviates',
    observed: expect.stringContaining('the service closed it') as string,
  });
});

test('the idle time is configured in both pools, or nginx’s own', () => {
  const config = (time: string): string =>
    `upstream admin_backend { keepalive 1; }\nupstream customer_backend { keepalive 1; keepalive_timeout ${time}; }`;
  expect(judgeIdleConfigured(60, config('1m')).verdict).toBe('conforms');
  expect(judgeIdleConfigured(60, config('55s')).verdict).toBe('deviates');
});

test('requests that came at other times tell nothing about an idle connection', () => {
  const [a, b, c] = [0, 7_000, 15_000].map((at) => arrival('customer-services', [], { at }));
  const seen = { name: 'customer', first: a, within: b, beyond: c, closedByGateway: [] };
  expect(judgeIdle(60, 10, [seen]).verdict).toBe('inconclusive');
});

describe('buffering', () => {
  const right = { pool: 'customer', uploadEarly: false, uploadStatus: '200', released: true, download_s: 6 };

  test('holds both ways', () => {
    expect(judgeBuffered([right]).verdict).toBe('conforms');
    expect(judgeBuffered([right, { ...right, uploadEarly: true }]).verdict).toBe('deviates');
    expect(judgeBuffered([{ ...right, released: false }]).verdict).toBe('deviates');
  });

  test('is not shown by a download that was over at once', () => {
    expect(judgeBuffered([{ ...right, download_s: 1 }]).verdict).toBe('deviates');
  });

  test('has the promised buffers wherever they are set', () => {
    expect(judgeBuffers('8 x 4k', '  proxy_buffers 8 4k;\n  proxy_buffers  8  4k;').verdict).toBe('conforms');
    expect(judgeBuffers('8 x 4k', 'proxy_buffers 8 4096;').verdict).toBe('conforms');
    expect(judgeBuffers('8 x 4k', '').verdict).toBe('conforms');
    expect(judgeBuffers('8 x 4k', 'proxy_buffers 8 4k;\nproxy_buffers 16 8k;').verdict).toBe('deviates');
  });
});
