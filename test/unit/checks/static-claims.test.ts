import { describe, expect, test } from 'vitest';
import { judgeJoined } from '../../../conformance/checks/backend-variables.ts';
import { judgeCounters, judgeWorkers } from '../../../conformance/checks/cluster-workers.ts';
import { firstComplaint } from '../../../conformance/checks/config-test.ts';
import { judgeDrain } from '../../../conformance/checks/drain-api.ts';
import { difference, judgeWorkerLimits, normalised } from '../../../conformance/checks/gateway-nodes.ts';
import { judgeTransit } from '../../../conformance/checks/plain-transit.ts';
import { judgeEdition } from '../../../conformance/checks/plus-features.ts';
import { judgeTraceId, tracingModule } from '../../../conformance/checks/tracing.ts';

describe('nginx -t', () => {
  test('what it says is cut to the complaint', () => {
    const lines = [
      'nginx: [emerg] unknown directive "match" in /tmp/gateproof.Ab12Cd/nginx.conf:4',
      'nginx: configuration file … test failed',
    ];
    expect(firstComplaint(lines)).toBe('unknown directive "match" in nginx.conf:4');
    expect(firstComplaint(['nginx: configuration file … test is successful'])).toBe('accepted');
  });

  test('the edition has to accept the configuration and what was left out of it', () => {
    const [yes, no] = [
      { accepted: true, said: 'accepted' },
      { accepted: false, said: 'unknown directive' },
    ];
    expect(judgeEdition('nginx', yes, []).verdict).toBe('conforms');
    expect(judgeEdition('nginx', yes, [{ what: 'match', ...no }]).verdict).toBe('deviates');
    expect(judgeEdition('nginx', no, []).verdict).toBe('deviates');
  });
});

describe('nodes', () => {
  test('comments and layout make no difference', () => {
    const [one, other] = [normalised('a  1; # first\n\n  b 2;'), normalised('a 1;\nb 2;')];
    expect(difference(one, other)).toEqual([]);
    expect(difference(one, normalised('a 1;\nb 3;'))).toEqual(['b 2;', 'b 3;']);
  });

  test('order and number do', () => {
    expect(difference(['a;', 'b;'], ['b;', 'a;'])).toEqual(['another order or number from line 1 on: a;']);
    expect(difference(['a;', 'a;'], ['a;'])).toEqual(['another order or number from line 2 on: a;']);
  });

  const promised = { connections: 4096, files: 65_535 };
  const seen = {
    workers: 2,
    configured: 'auto',
    cores: 2,
    connections: 4096,
    method: 'epoll',
    files: [65_535, 65_535],
    hardLimit: 1_048_576,
  };

  test('limits of the workers', () => {
    expect(judgeWorkerLimits(promised, seen).verdict).toBe('conforms');
    expect(judgeWorkerLimits(promised, { ...seen, files: [1024, 1024] }).verdict).toBe('deviates');
    expect(judgeWorkerLimits(promised, { ...seen, workers: 1, files: [65_535] }).verdict).toBe('deviates');
    expect(judgeWorkerLimits(promised, { ...seen, configured: '2' }).verdict).toBe('deviates');
  });

  test('a machine that forbids so many files excuses only these', () => {
    const forbidden = { ...seen, files: [20_000, 20_000], hardLimit: 20_000 };
    expect(judgeWorkerLimits(promised, forbidden).verdict).toBe('not-applicable');
    expect(judgeWorkerLimits(promised, { ...forbidden, connections: 1024 }).verdict).toBe('deviates');
  });
});

describe('workers of a backend', () => {
  const process = (pid: number, mode = 'cluster_mode') => ({ pid, mode, status: 'online' });
  const cluster = {
    processes: [process(1), process(2)],
    answered: new Map([
      [1, 4],
      [2, 6],
    ]),
    requests: 10,
    before: 0,
    after: [11, 12],
  };

  test('each of them answers', () => {
    expect(judgeWorkers(2, cluster).verdict).toBe('conforms');
    expect(judgeWorkers(4, cluster).verdict).toBe('deviates');
    expect(judgeWorkers(2, { ...cluster, processes: [process(1, 'fork_mode'), process(2)] }).verdict).toBe('deviates');
  });

  test('counters cover all of them and never fall', () => {
    expect(judgeCounters(cluster).verdict).toBe('conforms');
    expect(judgeCounters({ ...cluster, after: [5, 7, 5] }).verdict).toBe('deviates');
    expect(judgeCounters({ ...cluster, after: [11, 10] }).verdict).toBe('deviates');
  });

  test('variables alone let it join', () => {
    const joined = { pool: 'p', instance: 'a', status: '200', client: '1.2.3.4', seenClient: '1.2.3.4', missing: [] };
    expect(judgeJoined([joined]).verdict).toBe('conforms');
    expect(judgeJoined([{ ...joined, seenClient: '198.18.64.11' }]).verdict).toBe('deviates');
    expect(judgeJoined([{ ...joined, missing: ['TRUST_PROXY'] }]).verdict).toBe('deviates');
  });
});

test('draining needs accepted calls and an instance without requests', () => {
  const call = (status: number) => ({ url: 'http /drain', seen: { status } });
  expect(judgeDrain([call(200)], ['admin-1', 'admin-2']).verdict).toBe('conforms');
  expect(judgeDrain([call(301)], ['admin-1', 'admin-2']).verdict).toBe('deviates');
  expect(judgeDrain([call(200)], ['admin-3']).verdict).toBe('deviates');
});

test('one hop in plain text breaks encryption everywhere', () => {
  const hop = (plain: boolean) => ({ what: 'a', plain, seen: '' });
  expect(judgeTransit([hop(false), hop(true)]).verdict).toBe('deviates');
  expect(judgeTransit([hop(false)]).verdict).toBe('not-applicable');
});

test('tracing needs a module and a trace id of each request’s own', () => {
  expect(tracingModule('# opentracing on;\nhttp {}').verdict).toBe('deviates');
  expect(tracingModule('load_module modules/ngx_http_opentracing_module.so;\nopentracing on;').verdict).toBe(
    'not-applicable',
  );
  const evidence = { kind: 'log', title: 'none', lines: [] } as const;
  const traced = (...ids: string[]) => ({
    traced: ids.map((id) => ({ pool: 'p', ids: id === '' ? [] : [id] })),
    evidence,
  });
  expect(judgeTraceId('trace-id', traced('1', '2')).verdict).toBe('conforms');
  expect(judgeTraceId('trace-id', traced('1', '1')).verdict).toBe('deviates');
  expect(judgeTraceId('trace-id', traced('1', '')).verdict).toBe('deviates');
});
