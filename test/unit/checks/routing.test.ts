import { describe, expect, test } from 'vitest';
import { listed, markPath } from '../../../conformance/checks/exchange.ts';
import { contentTypeFault, showsStatistics } from '../../../conformance/checks/local-answers.ts';
import { assetSource, climbFault } from '../../../conformance/checks/paths.ts';
import { judgeRouting, poolsOf, routedWell } from '../../../conformance/checks/routing.ts';
import type { Routed } from '../../../conformance/checks/routing.ts';
import { changes } from '../../../conformance/checks/unchanged.ts';
import { servedStranger } from '../../../conformance/checks/unknown-host.ts';
import { upgraded } from '../../../conformance/checks/upgrade.ts';
import { answer, arrival } from './observations.ts';

const admin: Routed = {
  expected: { path: '/api/v1/admin/x', server: 'admin' },
  method: 'GET',
  status: 200,
  pools: ['admin'],
};

describe('who served a request', () => {
  test('is told by the arrivals, retries at one pool counted once', () => {
    const arrivals = [arrival('admin-server'), arrival('admin-server'), arrival('auth')];
    expect(poolsOf({ arrivals })).toEqual(['admin']);
  });

  test('the right pool alone is right', () => {
    expect(routedWell(admin)).toBe(true);
    expect(routedWell({ ...admin, pools: ['customer'] })).toBe(false);
    expect(routedWell({ ...admin, pools: ['admin', 'customer'] })).toBe(false);
    expect(routedWell({ ...admin, pools: [] })).toBe(false);
  });

  test('a refusal counts only where a path may be refused', () => {
    const refused = { ...admin, status: 403, pools: [] };
    expect(routedWell(refused)).toBe(false);
    expect(routedWell({ ...refused, expected: { ...admin.expected, mayRefuse: true } })).toBe(true);
  });

  test('an answer of the gateway needs its status and no pool', () => {
    const local: Routed = {
      expected: { path: '/foo', server: 'gateway', status: 404 },
      method: 'GET',
      status: 404,
      pools: [],
    };
    expect(routedWell(local)).toBe(true);
    expect(routedWell({ ...local, status: 200 })).toBe(false);
    expect(routedWell({ ...local, pools: ['customer'] })).toBe(false);
    expect(routedWell({ ...local, status: null })).toBe(false);
  });

  test('the judgement names what went elsewhere', () => {
    const judged = judgeRouting('admin pool', [admin, { ...admin, pools: ['customer'] }]);
    expect(judged.holds).toBe(false);
    expect(judged.observed).toContain('1 of 2');
    expect(judged.observed).toContain('200 from the customer pool');
  });
});

describe('what reached the backend', () => {
  const sent = { method: 'PUT', target: '/a%2Fb?x=1', bodySha256: 'f' };
  test('is unchanged or told', () => {
    expect(changes({ ...sent, received: sent })).toEqual([]);
    expect(changes({ ...sent, received: { ...sent, target: '/a/b?x=1' } })).toEqual(['target became /a/b?x=1']);
    expect(changes({ ...sent, received: { method: 'GET', target: sent.target } })).toEqual([
      'method became GET',
      'body changed',
    ]);
    expect(changes(sent)).toEqual(['did not reach a backend']);
  });
});

describe('dot segments', () => {
  test('above the root only the promised status is right', () => {
    const climb = { kind: 'above-root', path: '/../x', status: 400, pools: [] } as const;
    expect(climbFault(climb, 400)).toBeUndefined();
    expect(climbFault({ ...climb, status: 200 }, 400)).toContain('200');
  });

  test('into the admin tree: as the plain path, or refused, never by the customer pool', () => {
    const climb = { kind: 'into-admin', path: '/x/../admin', status: 200, pools: ['admin'], plainStatus: 200 } as const;
    expect(climbFault(climb, 400)).toBeUndefined();
    expect(climbFault({ ...climb, plainStatus: 403 }, 400)).toContain('200');
    expect(climbFault({ ...climb, status: 403, pools: [], plainStatus: 401 }, 400)).toBeUndefined();
    expect(climbFault({ ...climb, pools: ['customer'] }, 400)).toContain('customer');
  });

  test('out of the folder: anything served is too much', () => {
    expect(climbFault({ kind: 'out-of-folder', path: '/static../x', status: 404, pools: [] }, 400)).toBeUndefined();
    expect(climbFault({ kind: 'out-of-folder', path: '/static../x', status: 200, pools: [] }, 400)).toContain('200');
  });
});

describe('local answers', () => {
  test('one Content-Type line is one', () => {
    const json = ['Content-Type', 'application/json; charset=utf-8'] as const;
    expect(contentTypeFault(answer(200, [json]), 'application/json', 1)).toBeUndefined();
    expect(contentTypeFault(answer(200, [json, json]), 'application/json', 1)).toContain('2 Content-Type lines');
    expect(contentTypeFault(answer(200, [['content-type', 'text/html']]), 'application/json', 1)).toContain(
      'text/html',
    );
    expect(contentTypeFault(answer(null), 'application/json', 1)).toContain('no answer');
  });

  test('statistics are a 200 with counters', () => {
    expect(showsStatistics(answer(200, [], 'Active connections: 1'))).toBe(true);
    expect(showsStatistics(answer(200, [], '{}'))).toBe(false);
    expect(showsStatistics(answer(403, [], 'Active connections: 1'))).toBe(false);
  });

  test('who delivered a static file', () => {
    const seen = { status: 200, pools: [], upstream: '', redirectedTo: undefined, serverName: 'api.test' };
    expect(assetSource(seen)).toBe('gateway');
    expect(assetSource({ ...seen, upstream: '198.18.64.50:80' })).toBe('origin');
    expect(assetSource({ ...seen, status: 302, redirectedTo: 'cdn.test' })).toBe('origin');
    expect(assetSource({ ...seen, pools: ['customer'], upstream: '198.18.64.31:3001' })).toBe('api');
    expect(assetSource({ ...seen, status: 404 })).toBe('nobody');
  });

  test('a stranger is served by a success or by a request at a backend', () => {
    expect(servedStranger({ seen: answer(421), arrivals: [] })).toBe(false);
    expect(servedStranger({ seen: answer(null), arrivals: [] })).toBe(false);
    expect(servedStranger({ seen: answer(200), arrivals: [] })).toBe(true);
    expect(servedStranger({ seen: answer(502), arrivals: [arrival('customer-services')] })).toBe(true);
  });
});

describe('upgrades', () => {
  const echo = { sent_ms: 0, received_ms: 1, bytes: 1, intact: true };
  test('need the status and a session that works', () => {
    expect(upgraded('/ws', { status: 101, echoes: [echo] }, 101)).toBe(true);
    expect(upgraded('/ws', { status: 101, echoes: [] }, 101)).toBe(false);
    expect(upgraded('/ws', { status: 404, echoes: [] }, 101)).toBe(false);
    expect(upgraded('/socket.io/', { status: 101, echoes: [], hello: '0{"sid":"x"}' }, 101)).toBe(true);
    expect(upgraded('/socket.io/', { status: 101, echoes: [], hello: '{"instance":"x"}' }, 101)).toBe(false);
  });
});

describe('markers and lists', () => {
  test('a marker goes to its place or into the query', () => {
    expect(markPath('/a', 'x')).toBe('/a?m=x');
    expect(markPath('/a?b=1', 'x')).toBe('/a?b=1&m=x');
    expect(markPath('/a-{m}?', 'x')).toBe('/a-x?');
  });

  test('long lists are shortened', () => {
    expect(listed(['a', 'b'])).toBe('a, b');
    expect(listed(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
  });
});
