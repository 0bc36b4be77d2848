import { expect, test } from 'vitest';
import { pool, primaries, upstreamBlocks } from '../../../conformance/checks/upstream-block.ts';
import { judgeCounts } from '../../../conformance/checks/instance-counts.ts';
import { poolKept } from '../../../conformance/checks/backend-connections.ts';

const CONFIG = `
# upstream ignored { server x:1; }
upstream admin_backend {
    zone admin_backend 64k;
    server admin-1:3000 weight=100 max_fails=2 fail_timeout=10s;
    server admin-2:3000 max_fails=3 fail_timeout=1m; # second
    server admin-3:3000 down;
    server admin-4:3000 backup;
    keepalive 32;
    keepalive_timeout 60s;
}
upstream customer_backend { server customer-1:3001; }
`;

test('servers are read with what their line says, or nginx’s own values', () => {
  const block = pool(CONFIG, 'admin_backend');
  expect(upstreamBlocks(CONFIG).map(({ name }) => name)).toEqual(['admin_backend', 'customer_backend']);
  expect(block).toMatchObject({ keepalive: 32, idle_s: 60, zone_kb: 64 });
  expect(primaries(block)).toEqual(['admin-1', 'admin-2']);
  expect(block.servers[1]).toEqual({
    host: 'admin-2',
    port: 3000,
    weight: 1,
    maxConns: 0,
    backup: false,
    down: false,
    maxFails: 3,
    failTimeout_s: 60,
  });
  expect(pool(CONFIG, 'customer_backend').servers[0]).toMatchObject({ weight: 1, maxFails: 1, failTimeout_s: 10 });
  expect(pool(CONFIG, 'absent').servers).toEqual([]);
});

test('both pools have to keep the promised number', () => {
  expect(poolKept(CONFIG, 32).verdict).toBe('deviates');
  expect(poolKept(CONFIG.replace('customer-1:3001;', 'customer-1:3001; keepalive 32;'), 32).verdict).toBe('conforms');
});

test('servers are counted by kind, and each has to be healthy', () => {
  const server = (host: string, backup: boolean, health = '200', down = false) => ({
    host,
    port: 1,
    backup,
    down,
    health,
  });
  const counted = [{ pool: 'p', servers: [server('a', false), server('b', false), server('s', true)] }];
  expect(judgeCounts([{ pool: 'p', active: 2, backup: 1 }], counted).verdict).toBe('conforms');
  expect(judgeCounts([{ pool: 'p', active: 3, backup: 0 }], counted).verdict).toBe('deviates');
  expect(judgeCounts([{ pool: 'p', active: 3 }], counted).verdict).toBe('conforms');
  const idle = [{ pool: 'p', servers: [server('a', false), server('b', false), server('s', true, '200', true)] }];
  expect(judgeCounts([{ pool: 'p', active: 2, backup: 1 }], idle).observed).toContain('s:1 is marked down');
  const twice = [{ pool: 'p', servers: [server('a', false), server('a', false), server('s', true)] }];
  expect(judgeCounts([{ pool: 'p', active: 2, backup: 1 }], twice).observed).toContain('a:1 is listed twice');
  const sick = [{ pool: 'p', servers: [server('a', false, '503'), server('b', false), server('s', true)] }];
  expect(judgeCounts([{ pool: 'p', active: 2, backup: 1 }], sick).verdict).toBe('deviates');
});
