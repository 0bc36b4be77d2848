import { describe, expect, test } from 'vitest';
import { judgeBodyMemory } from '../../../conformance/checks/body-buffer.ts';
import { judgeSize } from '../../../conformance/checks/configured-size.ts';
import { rawHead, rawStatus } from '../../../conformance/checks/raw-request.ts';
import { borderFault, headerLine, judgeBorders, pathOf } from '../../../conformance/checks/request-limits.ts';
import type { BorderSeen } from '../../../conformance/checks/request-limits.ts';
import { judgeHeads } from '../../../conformance/checks/response-headers.ts';
import type { LargeHead } from '../../../conformance/checks/response-headers.ts';
import { Client } from '../../../conformance/gateway.ts';

const within: BorderSeen = { name: 'within', wanted: { accepted: true }, status: 200, arrivals: 1 };
const beyond: BorderSeen = { name: 'beyond', wanted: { accepted: false, status: 413 }, status: 413, arrivals: 0 };

describe('a request near a limit', () => {
  test('within it has to be served by a backend', () => {
    expect(borderFault(within)).toBeUndefined();
    expect(borderFault({ ...within, status: 413, arrivals: 0 })).toBe('within: 413, not accepted');
    expect(borderFault({ ...within, arrivals: 0 })).toContain('not accepted');
  });

  test('within its body has to arrive whole', () => {
    const wanted = { accepted: true, bodyBytes: 10 } as const;
    expect(borderFault({ ...within, wanted, bodyBytes: 10 })).toBeUndefined();
    expect(borderFault({ ...within, wanted, bodyBytes: 9 })).toContain('read 9 bytes');
  });

  test('beyond it has to be refused with its status and kept from backends', () => {
    expect(borderFault(beyond)).toBeUndefined();
    expect(borderFault({ ...beyond, status: 400 })).toBe('beyond: 400');
    expect(borderFault({ ...beyond, status: null })).toBe('beyond: no answer');
    expect(borderFault({ ...beyond, arrivals: 1 })).toContain('reached a backend');
  });

  test('any 4xx is a refusal where no status is promised', () => {
    const wanted = { accepted: false } as const;
    expect(borderFault({ ...beyond, wanted, status: 431 })).toBeUndefined();
    expect(borderFault({ ...beyond, wanted, status: 502 })).toBe('beyond: 502');
  });

  test('one fault decides, and its mechanism is only told then', () => {
    expect(judgeBorders([within, beyond], [], 'why')).not.toHaveProperty('reason');
    expect(judgeBorders([within, { ...beyond, status: 200, arrivals: 1 }], [], 'why')).toMatchObject({
      verdict: 'deviates',
      reason: 'why',
    });
  });
});

test('paths and header lines have exactly the size asked for', () => {
  expect(pathOf('/api/v1/limits/', 'm-1', 8193)).toHaveLength(8193);
  expect(Object.entries(headerLine('x-long-0', 8100)).map(([name, value]) => `${name}: ${value}`.length)).toEqual([
    8100,
  ]);
});

describe('a request by hand', () => {
  const scheduler = { schedule: () => Promise.reject(new Error('nothing is sent')) };
  const target = { address: '198.18.0.11', port: 443 };
  const client = new Client(
    scheduler,
    { address: '198.18.32.1', network: 'edge', block: 'clients' },
    target,
    'api.example',
  );

  test('has the ordinary headers, the ones that replace them, and further lines', () => {
    const head = rawHead(client, { path: '/x', headers: { 'user-agent': 'other' }, lines: ['Host: twice'] });
    expect(head.split('\r\n')).toEqual([
      'GET /x HTTP/1.1',
      'host: api.example',
      'user-agent: other',
      'Host: twice',
      '',
      '',
    ]);
  });

  test('can do without one', () => {
    expect(rawHead(client, { path: '/x', headers: { host: null } })).not.toMatch(/host:/i);
  });

  test('its answer has a status, or none', () => {
    expect(rawStatus(Buffer.from('HTTP/1.1 400 Bad Request\r\n').toString('base64'))).toBe(400);
    expect(rawStatus('')).toBeUndefined();
  });
});

describe('where a body is kept', () => {
  const small = { prefix: '/api/', bytes: 100, status: 200, files: [], early: false };
  const large = {
    prefix: '/api/',
    bytes: 200,
    status: 200,
    files: ['a client request body is buffered to a temporary file'],
    early: false,
  };

  test('the small one in memory, the large one in a file', () => {
    expect(judgeBodyMemory(128, [small, large]).verdict).toBe('conforms');
    expect(judgeBodyMemory(128, [small, { ...large, files: [] }]).verdict).toBe('deviates');
    expect(judgeBodyMemory(128, [{ ...small, files: large.files }, large]).verdict).toBe('deviates');
  });

  test('neither may be forwarded before it is complete', () => {
    expect(judgeBodyMemory(128, [{ ...small, early: true }, large])).toMatchObject({ verdict: 'deviates' });
  });
});

describe('headers of an answer', () => {
  const fits: LargeHead = { path: '/api/', fillerBytes: 90, fits: true, status: 200, told: [] };
  const exceeds: LargeHead = { path: '/api/', fillerBytes: 110, fits: false, status: 502, told: ['too big header'] };

  test('are relayed when they fit, and told of when they do not', () => {
    expect(judgeHeads(100, 502, [fits, exceeds]).verdict).toBe('conforms');
    expect(judgeHeads(100, 502, [fits, { ...exceeds, status: 200, told: [] }]).verdict).toBe('deviates');
    expect(judgeHeads(100, 502, [fits, { ...exceeds, told: [] }]).verdict).toBe('deviates');
    expect(judgeHeads(100, 502, [{ ...fits, status: 502 }, exceeds]).verdict).toBe('deviates');
  });
});

test('a size has to hold for every path', () => {
  const dump = (admin: string): string =>
    `# configuration file /etc/nginx/nginx.conf:\nhttp { client_body_buffer_size 128k; server { listen 443 ssl; server_name x;\nlocation /a/ { ${admin} } } }`;
  const promised = { directive: 'client_body_buffer_size', host: 'x', paths: ['/', '/a/'], bytes: 131_072 };
  const judged = (admin: string) => judgeSize({ ...promised, otherwise_bytes: 16_384 }, dump(admin)).verdict;
  expect([judged(''), judged('client_body_buffer_size 131072;'), judged('client_body_buffer_size 16k;')]).toEqual([
    'conforms',
    'conforms',
    'deviates',
  ]);
});
