import { describe, expect, test } from 'vitest';
import { judgeKept, judgePoolSize, requestsByConnection } from '../../../conformance/checks/backend-connections.ts';

describe('idle connections', () => {
  const kept = {
    pool: 'pool',
    servers: 3,
    sequential: { requests: 10, connections: 3 },
    burst: { requests: 40, connections: 40 },
    idle: 32,
  };

  test('exactly the promised number stays', () => {
    expect(judgeKept(32, kept).verdict).toBe('conforms');
    expect(judgeKept(32, { ...kept, idle: 16 }).verdict).toBe('deviates');
    expect(judgeKept(32, { ...kept, idle: 40 }).verdict).toBe('deviates');
  });

  test('a connection for each request is a deviation', () => {
    expect(judgeKept(32, { ...kept, sequential: { requests: 10, connections: 10 }, idle: 0 }).verdict).toBe('deviates');
  });

  test('a pool is as large as what stays of more', () => {
    const config = (size: number): string =>
      ['admin_backend', 'customer_backend']
        .map((name) => `upstream ${name} { server 198.18.128.10:3000; keepalive ${String(size)}; }`)
        .join('\n');
    const all = { ...kept, idle: 40 };
    expect(judgePoolSize(1024, [kept, all], config(32)).verdict).toBe('deviates');
    expect(judgePoolSize(1024, [all, all], config(64)).verdict).toBe('deviates');
    expect(judgePoolSize(1024, [all, all], config(1024)).verdict).toBe('conforms');
  });

  test('too few at once says nothing', () => {
    expect(judgeKept(32, { ...kept, burst: { requests: 40, connections: 30 }, idle: 30 }).verdict).toBe('inconclusive');
  });
});

test('connections are told apart by instance and port', () => {
  const arrival = (instance: string, port: number, requestOnConnection: number) => ({
    instance,
    peer: { address: '198.18.64.11', port },
    requestOnConnection,
  });
  expect([
    ...requestsByConnection([arrival('a', 1, 1), arrival('a', 1, 2), arrival('a', 2, 1), arrival('b', 1, 1)]).values(),
  ]).toEqual([2, 1, 1]);
});
