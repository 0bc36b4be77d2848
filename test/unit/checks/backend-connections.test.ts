import { describe, expect, test } from 'vitest';
import {
  judgeKept,
  judgeRetired,
  judgeStaysUsable,
  requestsByConnection,
} from '../../../conformance/checks/backend-connections.ts';

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

  test('too few at once says nothing', () => {
    expect(judgeKept(32, { ...kept, burst: { requests: 40, connections: 30 }, idle: 30 }).verdict).toBe('inconclusive');
  });
});

test('a connection is retired at the promised request', () => {
  const connections = (...counts: number[]) => new Map(counts.map((count, index) => [String(index), count]));
  expect(judgeRetired(100, connections(100, 50)).verdict).toBe('conforms');
  expect(judgeRetired(100, connections(50, 50, 50)).verdict).toBe('deviates');
  expect(judgeRetired(100, connections(150)).verdict).toBe('deviates');
  expect(judgeRetired(100, connections()).verdict).toBe('deviates');
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

describe('idle time', () => {
  const trial = (paused_s: number, sameConnection: boolean) => ({
    idle_s: 60,
    factor: 10,
    pauses: [{ instance: 'a', paused_s, sameConnection }],
  });

  test('a connection has to survive a pause that is shorter', () => {
    expect(judgeStaysUsable(trial(5.4, true)).verdict).toBe('conforms');
    expect(judgeStaysUsable(trial(5.4, false)).verdict).toBe('deviates');
  });

  test('after a longer pause it may be gone', () => {
    expect(judgeStaysUsable(trial(8.1, false)).verdict).toBe('inconclusive');
  });
});
