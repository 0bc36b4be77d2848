import { describe, expect, test } from 'vitest';
import { judgeReuse, reused } from '../../../conformance/checks/client-connection.ts';
import { betweenClocks } from '../../../conformance/checks/slow-backend.ts';
import { http2Get, judgeReaders } from '../../../conformance/checks/slow-client.ts';
import type { Reader } from '../../../conformance/checks/slow-client.ts';
import {
  closedAfter,
  configured,
  configuredFor,
  judgeWaits,
  waitFault,
  withConfigured,
} from '../../../conformance/checks/timeouts.ts';
import type { Waited } from '../../../conformance/checks/timeouts.ts';
import { answer } from './observations.ts';

const after = (least_s: number, most_s = least_s) => ({ least_s, most_s });
const wait: Waited = { name: 'silent', promised_s: 10, factor: 1, acted: after(10.1), watched_s: 13 };

describe('a wait', () => {
  test('ends at its time', () => {
    expect(waitFault(wait)).toBeUndefined();
    expect(waitFault({ ...wait, acted: after(9.95) })).toBeUndefined();
  });

  test('tells a neighbouring documented value apart', () => {
    expect(waitFault({ ...wait, acted: after(12.0) })).toBe('only after 12 s');
    expect(waitFault({ ...wait, acted: after(9.5) })).toBe('already after 9.5 s');
  });

  test('that did not end says how long it was watched', () => {
    expect(waitFault({ ...wait, acted: undefined })).toBe('nothing within 13 s');
  });

  test('that was not watched for long enough tells nothing', () => {
    expect(judgeWaits('closed', [{ ...wait, acted: undefined }]).verdict).toBe('deviates');
    expect(judgeWaits('closed', [{ ...wait, acted: undefined, watched_s: 9 }]).verdict).toBe('inconclusive');
  });

  test('on a scaled gateway may be seen later, in proportion', () => {
    const scaled = { ...wait, promised_s: 120, factor: 10 };
    expect(waitFault({ ...scaled, acted: after(14.3) })).toBeUndefined();
    expect(waitFault({ ...scaled, acted: after(14.5) })).toBe('only after 14.5 s');
  });

  test('whose beginning is uncertain counts as early or late only when it is so for certain', () => {
    expect(waitFault({ ...wait, acted: after(9.2, 9.8) })).toBeUndefined();
    expect(waitFault({ ...wait, acted: after(9.2, 9.6) })).toBe('already after 9.6 s');
    expect(waitFault({ ...wait, acted: after(11.3, 12.5) })).toBeUndefined();
    expect(waitFault({ ...wait, acted: after(11.5, 12.5) })).toBe('only after 11.5 s');
  });

  test('on a scaled gateway is due so much earlier', () => {
    const scaled = { ...wait, promised_s: 120, factor: 10 };
    expect(waitFault({ ...scaled, acted: after(12.1) })).toBeUndefined();
    expect(waitFault({ ...scaled, acted: after(6) })).toBe('already after 6 s');
    expect(judgeWaits('504', [{ ...scaled, acted: after(6) }]).observed).toContain('divided by 10');
  });

  test('that ends otherwise than promised is no end', () => {
    expect(waitFault({ ...wait, fault: 'status 502' })).toBe('status 502 after 10.1 s');
  });
});

describe('times', () => {
  test('of a close count from the call and from the first byte', () => {
    expect(closedAfter({ intended_ms: 0, sent_ms: 300, closed_ms: 10_300 })).toEqual(after(10, 10.3));
    expect(closedAfter({ intended_ms: 0, sent_ms: 300, closed_ms: null })).toBeUndefined();
  });

  test('between two clocks lie between call and return of the schedule', () => {
    const schedule = { called_at: 1_000_000, returned_at: 1_012_700, length_ms: 12_500 };
    expect(betweenClocks({ forwarded_at: 1_000_400, done_ms: 6_500 }, schedule)).toEqual(after(6.1, 6.3));
  });
});

describe('a late action', () => {
  const late = judgeWaits('closed', [{ ...wait, acted: after(14) }]);

  test('of a gateway that is configured as promised cannot be told from a busy machine', () => {
    const judged = withConfigured(late, 'client_body_timeout', 10, [10]);
    expect(judged.verdict).toBe('inconclusive');
    expect(judged.reason).toContain('busy');
  });

  test('of a gateway that is configured otherwise deviates', () => {
    expect(withConfigured(late, 'client_body_timeout', 10, [14]).verdict).toBe('deviates');
  });

  test('beside no action at all deviates', () => {
    const never = judgeWaits('closed', [
      { ...wait, acted: after(14) },
      { ...wait, acted: undefined },
    ]);
    expect(withConfigured(never, 'client_body_timeout', 10, [10]).verdict).toBe('deviates');
  });

  test('of a client that reads nothing is one that came before a longer wait was over', () => {
    const readers: Reader[] = [
      { after_s: 8.5, receivedBytes: 9, end: 'whole' },
      { after_s: 11.5, receivedBytes: 9, end: 'whole' },
    ];
    const cut = judgeReaders(10, [...readers, { after_s: 25, receivedBytes: 3, end: 'cut' }]);
    expect(withConfigured(cut, 'send_timeout', 10, [10]).verdict).toBe('inconclusive');
    const never = judgeReaders(10, [...readers, { after_s: 25, receivedBytes: 9, end: 'whole' }]);
    expect(withConfigured(never, 'send_timeout', 10, [10]).verdict).toBe('deviates');
  });
});

describe('a configured time', () => {
  const config =
    'upstream a {\n  server x;\n  keepalive_timeout 60s;\n}\nkeepalive_timeout 30;\nserver {\n  keepalive_timeout 1m 20s;\n}\n';

  test('is every value outside upstreams', () => {
    expect(configured(config, 'keepalive_timeout')).toEqual([30, 60]);
    expect(configured(config, 'send_timeout')).toEqual([]);
  });

  test('of a path is that of its location, else of what is around it, else nginx’s own', () => {
    const dump = [
      '# configuration file /etc/nginx/nginx.conf:',
      'http { proxy_read_timeout 90s; include sites/*.conf; }',
      '# configuration file /etc/nginx/sites/api.conf:',
      'server { listen 443 ssl; server_name api.example; location /ws { proxy_read_timeout 1h; } location /x { } }',
    ].join('\n');
    const read = (path: string): number => configuredFor(dump, 'api.example', path, 'proxy_read_timeout');
    expect([read('/ws'), read('/x')]).toEqual([3600, 90]);
    expect(configuredFor(dump, 'api.example', '/ws', 'proxy_send_timeout')).toBe(60);
  });

  test('has to be the promised one wherever it is set', () => {
    const measured = judgeWaits('closed', [wait]);
    expect(withConfigured(measured, 'keepalive_timeout', 30, [30]).verdict).toBe('conforms');
    expect(withConfigured(measured, 'keepalive_timeout', 30, [30, 15]).verdict).toBe('deviates');
    expect(withConfigured(measured, 'keepalive_timeout', 30, []).verdict).toBe('deviates');
  });
});

describe('clients that read late', () => {
  const reader = (after_s: number, whole: boolean): Reader => ({
    after_s,
    end: whole ? 'whole' : 'cut',
    receivedBytes: 7,
  });

  test('get everything before the time and not afterwards', () => {
    expect(judgeReaders(10, [reader(8.5, true), reader(11.5, false)]).verdict).toBe('conforms');
    expect(judgeReaders(10, [reader(8.5, true), reader(11.5, true)]).verdict).toBe('deviates');
    expect(judgeReaders(10, [reader(8.5, false), reader(11.5, false)]).verdict).toBe('deviates');
  });

  test('that are still reading at the end tell nothing', () => {
    const slow: Reader = { after_s: 11.5, end: 'unfinished', receivedBytes: 7 };
    expect(judgeReaders(10, [reader(8.5, true), slow]).verdict).toBe('inconclusive');
  });
});

test('a request over HTTP/2 by hand has the preface and two frames', () => {
  const bytes = Buffer.from(http2Get('api.example'), 'base64');
  expect(bytes.subarray(0, 24).toString()).toBe('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  expect(bytes.subarray(24, 33)).toEqual(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  expect(bytes.readUIntBE(33, 3)).toBe(bytes.length - 42);
  expect(bytes[36]).toBe(1);
  expect(bytes.subarray(-11).toString()).toBe('api.example');
});

describe('requests on one connection', () => {
  const on = (localPort: number, connection?: string) => ({
    ...answer(200, connection ? [['Connection', connection]] : []),
    localPort,
  });

  test('are counted by its port, with the answer that announces the close', () => {
    expect(reused('http/1.1', [on(1), on(1, 'close'), { ...answer(null), localPort: null }])).toEqual({
      protocol: 'http/1.1',
      answered: 2,
      closing: 2,
    });
    expect(reused('h2', [on(1), { ...on(1), closedByPeer: true }])).toMatchObject({ answered: 2, closing: 2 });
    expect(reused('h2', [on(1), on(2)])).toMatchObject({ answered: 1, closing: undefined });
  });

  test('have to be exactly as many as promised', () => {
    const seen = { protocol: 'h2', answered: 100, closing: 100 } as const;
    expect(judgeReuse(100, [seen]).verdict).toBe('conforms');
    expect(judgeReuse(100, [{ ...seen, closing: 101 }]).verdict).toBe('conforms');
    expect(judgeReuse(100, [{ ...seen, protocol: 'http/1.1', closing: 101 }]).verdict).toBe('deviates');
    expect(judgeReuse(100, [{ ...seen, answered: 101, closing: undefined }]).verdict).toBe('deviates');
    expect(judgeReuse(100, [seen, { ...seen, answered: 50, closing: 50 }]).verdict).toBe('deviates');
  });
});
