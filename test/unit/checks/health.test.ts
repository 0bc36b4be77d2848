import { describe, expect, test } from 'vitest';
import { documentFaults, isTimestamp, samples, stateFaults } from '../../../conformance/checks/health.ts';

const FIELDS = [
  'status',
  'timestamp',
  'service',
  'version',
  'uptime',
  'checks.database',
  'checks.redis',
  'checks.memory',
];
const healthy = {
  status: 'healthy',
  timestamp: '2026-01-02T03:04:05.678Z',
  service: 'admin-server',
  version: '2.0.1',
  uptime: 12,
  checks: {
    database: { status: 'ok', latency: 3 },
    redis: { status: 'disabled', latency: null },
    memory: { status: 'ok', usagePercentage: 45 },
  },
};

describe('health documents', () => {
  test('the documented one has no fault', () => {
    expect(documentFaults(JSON.stringify(healthy), FIELDS)).toEqual([]);
  });

  test('absent and mistyped fields are named', () => {
    expect(documentFaults(JSON.stringify({ ...healthy, version: undefined, uptime: '12' }), FIELDS)).toEqual([
      'no version',
      'uptime is not as documented',
    ]);
    const checks = { ...healthy.checks, database: { status: 'ok' }, memory: { status: 'ok', usagePercentage: 145 } };
    expect(documentFaults(JSON.stringify({ ...healthy, checks }), FIELDS)).toEqual([
      'checks.database is not as documented',
      'checks.memory is not as documented',
    ]);
    expect(documentFaults('<html>', FIELDS)).toEqual(['not JSON']);
  });

  test('timestamps need date, time and offset', () => {
    expect(isTimestamp('2026-11-21T12:54:16+00:00')).toBe(true);
    expect(isTimestamp('2026-11-21T12:54:16')).toBe(false);
    expect(isTimestamp('21/Nov/2026:12:54:16 +0000')).toBe(false);
    expect(isTimestamp(1)).toBe(false);
  });
});

describe('state by monitoring', () => {
  const text = (entries: readonly [string, string, string][]): string =>
    JSON.stringify({
      data: { result: entries.map(([job, instance, value]) => ({ metric: { job, instance }, value: [1, value] })) },
    });

  test('every instance has to be shown, and as up', () => {
    const seen = samples(
      text([
        ['admin-backend', 'admin-1:3000', '1'],
        ['admin-backend', 'admin-2:9090', '0'],
        ['node', 'admin-3:9100', '1'],
      ]),
    );
    expect(stateFaults(['admin-1'], seen)).toEqual([]);
    expect(stateFaults(['admin-1', 'admin-2', 'admin-3'], seen)).toEqual([
      'admin-2: shown as down, though it serves',
      'admin-3: no state',
    ]);
  });

  test('admin-1 is not admin-10', () => {
    expect(stateFaults(['admin-1'], samples(text([['admin-backend', 'admin-10:3000', '1']])))).toEqual([
      'admin-1: no state',
    ]);
  });

  test('an answer without result has no samples', () => {
    expect(samples('{"status":"error"}')).toEqual([]);
  });
});
