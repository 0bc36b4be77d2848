import { describe, expect, test } from 'vitest';

import { judgeSlowStart } from '../../../chaos/judgements/slow-start.ts';
import { forRecord } from '../../../chaos/runner/probes.ts';
import { parseSettings, seconds } from '../../../chaos/runner/settings.ts';
import { judgeNoFailures, judgeOutages } from '../../../chaos/runner/verdict.ts';
import type { Trial } from '../../../reports/record/types.ts';

function trial(lower_s: number, upper_s: number, rest: Partial<Trial> = {}): Trial {
  return {
    phase_s: 0,
    lower_s,
    upper_s,
    failedRequests: 0,
    totalRequests: 1_000,
    valid: true,
    errorsByKind: {},
    timeline: [],
    fault: { injected_ms: 0, proved_ms: 0, reverted_ms: 0, healed_ms: 0 },
    proberLateness_ms_p99: 1,
    probes: [],
    ...rest,
  };
}

const thrownAway = trial(0, 0, { valid: false, invalidReason: 'late' });

describe('outages against a limit', () => {
  test('conforms only when every upper bound holds', () => {
    expect(judgeOutages([trial(2.4, 2.9), trial(1, 1.1)], 3).verdict).toBe('conforms');
    expect(judgeOutages([trial(2.9, 3.1), trial(1, 1.1)], 3).verdict).toBe('inconclusive');
  });

  test('deviates only when a lower bound breaks it', () => {
    expect(judgeOutages([trial(3.01, 3.2), trial(1, 1.1)], 3).verdict).toBe('deviates');
  });

  test('more than 5 % thrown away is inconclusive, unless a valid trial shows the deviation', () => {
    const good = Array.from({ length: 19 }, () => trial(1, 1.1));
    expect(judgeOutages([...good, thrownAway], 3).verdict).toBe('conforms');
    expect(judgeOutages([...good.slice(1), thrownAway, thrownAway], 3)).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('2 of 20') as string,
    });
    expect(judgeOutages([trial(4, 4.1), thrownAway], 3).verdict).toBe('deviates');
    expect(judgeOutages([], 3).verdict).toBe('inconclusive');
  });
});

describe('no failures', () => {
  const before = { failed: 0, total: 300 };

  test('none failed', () => expect(judgeNoFailures([trial(0, 0)], before).verdict).toBe('conforms'));
  test('an outage', () =>
    expect(judgeNoFailures([trial(0.2, 0.3, { failedRequests: 25 })], before).verdict).toBe('deviates'));
  test('many scattered failures', () =>
    expect(judgeNoFailures([trial(0, 0, { failedRequests: 60 })], before).verdict).toBe('deviates'));
  test('one failure cannot be told from the background', () =>
    expect(judgeNoFailures([trial(0, 0, { failedRequests: 1 })], before).verdict).toBe('inconclusive'));
});

describe('return of an instance', () => {
  const seen = { answered: 400, window_s: 4, fullShare: 0.2 };

  test('at once', () => expect(judgeSlowStart('c', 'v', { ...seen, byVictim: 80 }).verdict).toBe('deviates'));
  test('gradually', () => expect(judgeSlowStart('c', 'v', { ...seen, byVictim: 3 }).verdict).toBe('conforms'));
  test('in between', () => expect(judgeSlowStart('c', 'v', { ...seen, byVictim: 34 }).verdict).toBe('inconclusive'));
  test('never', () =>
    expect(judgeSlowStart('c', 'v', { ...seen, answered: 0, byVictim: 0 }).verdict).toBe('inconclusive'));
});

describe('effective settings', () => {
  const settings = parseSettings(
    `# configuration file /etc/nginx/nginx.conf:
    http {
      # proxy_connect_timeout 99s;
      proxy_connect_timeout 60s;
      upstream pool {
        zone pool 64k;
        server a-1:1 weight=100 max_fails=2 fail_timeout=10s max_conns=5;
        server a-2:1;
        server a-3:1 backup;
      }
      server {
        listen 443 ssl;
        server_name gateway;
        location /api/ { limit_except GET { deny all; } proxy_connect_timeout 5s; }
        location / { }
      }
    }`,
    'gateway',
  );

  test('a location speaks before its surroundings', () => {
    expect(settings.directive('/api/', 'proxy_connect_timeout')).toBe('5s');
    expect(settings.directive('/', 'proxy_connect_timeout')).toBe('60s');
    expect(settings.directive('/', 'proxy_read_timeout')).toBeNull();
  });

  test('servers carry their limits or the defaults', () => {
    expect(settings.servers('pool')).toEqual([
      { host: 'a-1', port: 1, weight: 100, maxFails: 2, failTimeout_s: 10, maxConns: 5, backup: false, down: false },
      { host: 'a-2', port: 1, weight: 1, maxFails: 1, failTimeout_s: 10, maxConns: 0, backup: false, down: false },
      { host: 'a-3', port: 1, weight: 1, maxFails: 1, failTimeout_s: 10, maxConns: 0, backup: true, down: false },
    ]);
    expect(settings.servers('other')).toEqual([]);
  });

  test.each([
    ['5s', 5],
    ['500ms', 0.5],
    ['1m30s', 90],
    ['60', 60],
  ])('%s', (text, value) => expect(seconds(text)).toBe(value));
});

test('the record keeps every failed and slow probe, and a sample of the rest', () => {
  const probes = Array.from({ length: 4_000 }, (_, index) => ({
    intended_ms: index * 10,
    sent_ms: index * 10,
    done_ms: index * 10 + (index === 2_000 ? 3_000 : 2),
    ok: index !== 1_001,
    kind: 'k',
  }));
  const kept = forRecord(probes);
  expect(kept.length).toBeLessThan(700);
  expect(kept.some((probe) => !probe.ok)).toBe(true);
  expect(kept.some((probe) => probe.done_ms - probe.sent_ms > 1_000)).toBe(true);
});
