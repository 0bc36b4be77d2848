import { describe, expect, test } from 'vitest';
import { jsonLine, lineFaults, splitLines } from '../../../conformance/checks/access-log.ts';
import {
  judgeBackendLevels,
  firstFailureCounts,
  judgeErrorLevels,
  judgeFields,
  judgeRetries,
} from '../../../conformance/checks/log-contents.ts';
import { judgePrivacy } from '../../../conformance/checks/log-privacy.ts';
import {
  judgeAllLogged,
  judgeJoined,
  judgeJsonLines,
  valueFaults,
} from '../../../conformance/checks/logged-requests.ts';

const FIELDS = ['uri', 'status'];
const NUMERIC = ['status'];
const line = Buffer.from('{"uri":"/x","status":200}');
const logged = { name: 'ordinary', sent: [{ status: 200 }], wanted: 1, lines: [line] };

test('lines are cut at line feeds alone, whatever bytes they hold', () => {
  const text = Buffer.from([0x61, 0xff, 0x0a, 0x0a, 0x62]);
  expect(splitLines(text)).toEqual([Buffer.from([0x61, 0xff]), Buffer.from([0x62])]);
});

describe('a line of the access log', () => {
  test('with the promised members has no fault', () => {
    expect(lineFaults(line, FIELDS, NUMERIC)).toEqual([]);
  });

  test('that is no UTF-8 or no JSON object is found', () => {
    expect(
      lineFaults(Buffer.concat([Buffer.from('{"uri":"'), Buffer.from([0xff]), Buffer.from('"}')]), FIELDS, NUMERIC),
    ).toEqual(['not UTF-8']);
    expect(lineFaults(Buffer.from('{"uri":"\\"}'), FIELDS, NUMERIC)).toEqual(['not a JSON object']);
    expect(lineFaults(Buffer.from('[]'), FIELDS, NUMERIC)).toEqual(['not a JSON object']);
  });

  test('with missing, foreign or mistyped members is found', () => {
    expect(lineFaults(Buffer.from('{"status":"200","x":1}'), FIELDS, NUMERIC)).toEqual([
      'without uri',
      'with x besides',
      'status not a number',
    ]);
  });

  test('has to be there once for each request', () => {
    expect(judgeJsonLines([logged], FIELDS, NUMERIC).verdict).toBe('conforms');
    expect(judgeJsonLines([{ ...logged, lines: [line, line] }], FIELDS, NUMERIC).verdict).toBe('deviates');
    expect(judgeJsonLines([{ ...logged, lines: [] }], FIELDS, NUMERIC).verdict).toBe('deviates');
  });

  test('has to say what the exchange was', () => {
    const sent = [{ status: 200, uri: '/x' }];
    expect(valueFaults({ sent, lines: [line] })).toEqual([]);
    expect(valueFaults({ sent: [{ status: 404, uri: '/y' }], lines: [line] })).toEqual([
      'status 200 instead of 404',
      'uri /x instead of /y',
    ]);
    // Lines of several requests have no order, and what one exchange does not tell is not compared.
    const other = Buffer.from('{"uri":"/x","status":429}');
    expect(valueFaults({ sent: [{ status: 429 }, { status: 200, uri: '/z' }], lines: [line, other] })).toEqual([]);
    expect(valueFaults({ sent: [{ status: 429 }, { status: 429 }], lines: [line, other] })).toHaveLength(1);
  });

  test('missing for one kind of request breaks the audit', () => {
    expect(judgeAllLogged([logged], 'why').verdict).toBe('conforms');
    expect(judgeAllLogged([logged, { ...logged, name: '/health', lines: [] }], 'why')).toMatchObject({
      verdict: 'deviates',
      observed: 'no line for /health (200)',
      reason: 'why',
    });
  });
});

describe('ids', () => {
  const same = { path: '/api/v1/join/m-1z', gateway: 'a', backend: 'a' };

  test('have to match, and to be there', () => {
    expect(judgeJoined([same, { ...same, gateway: 'b', backend: 'b' }], 'X-Request-ID').verdict).toBe('conforms');
    expect(judgeJoined([same, { ...same, gateway: 'b' }], 'X-Request-ID').verdict).toBe('deviates');
    expect(judgeJoined([{ path: '/ws?m=1', gateway: 'a', backend: undefined }], 'X-Request-ID')).toMatchObject({
      verdict: 'deviates',
      reason: expect.stringContaining('/ws') as string,
    });
  });

  test('of two requests have to differ', () => {
    expect(judgeJoined([same, same], 'X-Request-ID').verdict).toBe('deviates');
  });
});

describe('a retried request', () => {
  const instances = { 'customer-1': '198.18.64.31' };
  const entry = (addr: string, time: string): string =>
    JSON.stringify({ upstream_addr: addr, upstream_response_time: time });

  test('shows both instances and both times', () => {
    const once = entry('198.18.64.32:3001', '0.002');
    const twice = entry('198.18.64.31:3001, 198.18.64.32:3001', '0.001, 0.002');
    const judge = (triedAgain: number, ...lines: string[]) =>
      judgeRetries({ lines, triedAgain, instances }, ', ').verdict;
    expect(judge(1, once, twice)).toBe('conforms');
    expect(judge(1, once)).toBe('deviates');
    expect(judge(1, entry('198.18.64.31:3001, 198.18.64.32:3001', '0.003'))).toBe('deviates');
    expect(judge(0, once)).toBe('inconclusive');
  });
});

describe('levels', () => {
  const request = ', request: "GET /api/v1/log/m HTTP/1.1"';
  const error = `2025/01/01 00:00:00 [error] 1#1: *1 recv() failed while reading response header from upstream${request}`;
  const warn = `2025/01/01 00:00:00 [warn] 1#1: *1 upstream server temporarily disabled while connecting${request}`;
  const notice = '2025/01/01 00:00:00 [notice] 1#1: start worker process 2';
  const routes = ['/api/v1/log/'];

  test('warn and worse are there, nothing else', () => {
    expect(judgeErrorLevels('warn', { lines: [error, warn], routes }).verdict).toBe('conforms');
    expect(judgeErrorLevels('warn', { lines: [error], routes }).verdict).toBe('deviates');
    expect(judgeErrorLevels('warn', { lines: [error, warn, notice], routes }).verdict).toBe('deviates');
    expect(judgeErrorLevels('warn', { lines: [error, warn], routes: [...routes, '/api/v1/admin/log/'] })).toMatchObject(
      {
        verdict: 'deviates',
        observed: expect.stringContaining('not both for /api/v1/admin/log/') as string,
      },
    );
    expect(firstFailureCounts('', 'server a:1 max_fails=5 fail_timeout=9s;')).toBe(
      'server a:1 max_fails=1 fail_timeout=9s;',
    );
  });

  test('of a backend are info or above, in JSON', () => {
    const info = '{"level":"info"}';
    expect(judgeBackendLevels('info', [info, '{"level":"error"}']).verdict).toBe('conforms');
    expect(judgeBackendLevels('info', [info, '{"level":"debug"}']).verdict).toBe('deviates');
    expect(judgeBackendLevels('info', [info, 'plain text']).verdict).toBe('deviates');
    expect(judgeBackendLevels('info', []).verdict).toBe('deviates');
  });
});

test('all services have to have all fields', () => {
  const services = [
    { service: 'gateway', lines: ['{"a":1,"b":2}'] },
    { service: 'backend', lines: ['{"a":1,"b":2,"c":3}'] },
  ];
  expect(judgeFields(['a', 'b'], services).verdict).toBe('conforms');
  expect(judgeFields(['a', 'c'], services)).toMatchObject({ verdict: 'deviates', observed: 'gateway: lacks c' });
  expect(judgeFields(['a'], [{ service: 'gateway', lines: [] }]).verdict).toBe('deviates');
});

describe('personal data', () => {
  const token = { what: 'token in the query', value: 'tok1', lines: [] };

  const statuses = [200, 502, 429];

  test('may stand in no line', () => {
    expect(judgePrivacy({ line: '{}', told: [token], statuses }).verdict).toBe('conforms');
    expect(judgePrivacy({ line: '{}', told: [{ ...token, lines: ['tok1'] }], statuses })).toMatchObject({
      verdict: 'deviates',
      observed: 'in plain text: token in the query',
    });
  });

  test('tell nothing when the request left no line', () => {
    expect(judgePrivacy({ line: undefined, told: [token], statuses }).verdict).toBe('inconclusive');
    expect(judgePrivacy({ line: '{}', told: [token], statuses: [200, 502] }).verdict).toBe('inconclusive');
  });
});

test('only objects are JSON lines', () => {
  expect([jsonLine('{}'), jsonLine('1'), jsonLine('[1]'), jsonLine('x')]).toEqual([
    {},
    undefined,
    undefined,
    undefined,
  ]);
});
