import { describe, expect, test } from 'vitest';
import {
  faultsOf,
  judgeFormat,
  judgeLog,
  judgeStatuses,
  judgeUndelayed,
} from '../../../conformance/checks/rate-limit-answer.ts';
import {
  judgeAnonymous,
  judgeBothCount,
  judgeCeiling,
  judgeDeniedCount,
  judgeMorePermissive,
  judgeStricter,
  judgeUsedUp,
} from '../../../conformance/checks/rate-limit-routes.ts';
import {
  judgeBehindEdge,
  judgeIsolation,
  judgePerAdmin,
  judgeShared,
  judgeSharedEverywhere,
  judgeUncounted,
} from '../../../conformance/checks/rate-limit-sharing.ts';
import {
  CLIENT_ADDRESS,
  judgeLuaLimiter,
  judgeZones,
  rateZones,
} from '../../../conformance/checks/rate-limit-zones.ts';
import { answer, floodAt, statuses } from './limit-observations.ts';

const times = (count: number, status: number): number[] => Array.from({ length: count }, () => status);
const of = (accepted: number, refused: number, status = 200) =>
  statuses(...times(accepted, status), ...times(refused, 429));

describe('routes', () => {
  test('what follows a used-up allowance has to be refused', () => {
    expect(judgeUsedUp('forged', { first: of(31, 14), then: statuses(...times(19, 429), 200) }).verdict).toBe(
      'conforms',
    );
    expect(judgeUsedUp('forged', { first: of(31, 14), then: of(20, 0) }).verdict).toBe('deviates');
  });

  test('two routes count together only when one uses up the other', () => {
    expect(judgeBothCount(20, { first: of(21, 20), then: statuses(...times(20, 429)) }, 200).verdict).toBe('conforms');
    expect(judgeBothCount(20, { first: of(31, 10), then: of(21, 10) }, 200).verdict).toBe('deviates');
    expect(judgeBothCount(20, { first: of(6, 10), then: of(21, 10) }, 200).verdict).toBe('deviates');
  });

  test('a ceiling', () => {
    expect(judgeCeiling({ burst: 20, rate_perMin: 100 }, '/', of(21, 24)).verdict).toBe('conforms');
    expect(judgeCeiling({ burst: 20, rate_perMin: 100 }, '/', of(31, 14)).verdict).toBe('deviates');
  });

  test('more permissive means more at once and no less a minute', () => {
    const probe = { interval_ms: 130, window_ms: 4000 };
    const at = (rate_perMin: number, burst: number) => floodAt({ rate_perMin, burst }, 45, probe);
    expect(judgeMorePermissive(at(100, 30), at(100, 20)).verdict).toBe('conforms');
    expect(judgeMorePermissive(at(100, 20), at(100, 20)).verdict).toBe('deviates');
    expect(judgeMorePermissive(at(50, 30), at(100, 20)).verdict).toBe('deviates');
    expect(judgeMorePermissive(at(100, 30), of(75, 0)).verdict).toBe('deviates');
  });

  test('logins are stopped earlier', () => {
    expect(judgeStricter(of(6, 39, 401), of(31, 14)).verdict).toBe('conforms');
    expect(judgeStricter(of(31, 14, 401), of(31, 14)).verdict).toBe('deviates');
  });

  test('denied requests count', () => {
    expect(judgeDeniedCount(10, 'x', of(11, 12, 401)).verdict).toBe('conforms');
    expect(judgeDeniedCount(10, 'x', of(23, 0, 401)).verdict).toBe('deviates');
    expect(judgeDeniedCount(10, 'x', of(11, 12, 200)).verdict).toBe('deviates');
  });

  test('anonymous requests count like those of one user', () => {
    expect(judgeAnonymous(of(51, 24), of(51, 24)).verdict).toBe('conforms');
    expect(judgeAnonymous(of(51, 24), of(75, 0)).verdict).toBe('deviates');
    expect(judgeAnonymous(of(75, 0), of(75, 0)).verdict).toBe('deviates');
  });
});

test('requests wait for their turn when nginx says so, however slow the machine', () => {
  const flooded = of(31, 14);
  const line = 'delaying request, excess: 0.950, by zone "api", client: 198.18.32.1, server: x';
  expect(judgeUndelayed(flooded, [], '/').verdict).toBe('conforms');
  expect(judgeUndelayed(flooded, [line], '/').verdict).toBe('deviates');
});

describe('sharing', () => {
  test('what nobody counts is never refused', () => {
    expect(judgeUncounted('x', of(60, 0)).verdict).toBe('conforms');
    expect(judgeUncounted('x', of(60, 0, 401)).verdict).toBe('conforms');
    expect(judgeUncounted('x', of(51, 9)).verdict).toBe('deviates');
  });

  test('both nodes together admit one allowance', () => {
    const promised = { rate_perMin: 100, burst: 30 };
    expect(
      judgeShared(promised, { first: of(31, 12), second: statuses(...times(43, 429)), took_ms: 600 }).verdict,
    ).toBe('conforms');
    expect(judgeShared(promised, { first: of(31, 12), second: of(31, 12), took_ms: 600 }).verdict).toBe('deviates');
  });

  test('each path needs the shared limiter', () => {
    const shared = { path: '/', nodes: { first: of(21, 24), second: statuses(...times(8, 429)), took_ms: 1 } };
    const own = { path: '/x', nodes: { first: of(31, 14), second: of(8, 0), took_ms: 1 } };
    expect(judgeSharedEverywhere([shared]).verdict).toBe('conforms');
    expect(judgeSharedEverywhere([shared, own]).verdict).toBe('deviates');
  });

  test('administrators or addresses', () => {
    expect(
      judgePerAdmin({ alone: of(11, 14), twoAtOneAddress: of(22, 28), oneAtTwoAddresses: of(11, 39) }).verdict,
    ).toBe('conforms');
    expect(
      judgePerAdmin({ alone: of(11, 14), twoAtOneAddress: of(11, 39), oneAtTwoAddresses: of(22, 28) }).verdict,
    ).toBe('deviates');
  });

  test('a quiet client beside a loud one', () => {
    expect(judgeIsolation({ loud: of(31, 60), quiet: of(9, 0) }).verdict).toBe('conforms');
    expect(judgeIsolation({ loud: of(31, 60), quiet: statuses(...times(9, 429)) }).verdict).toBe('deviates');
    expect(judgeIsolation({ loud: of(90, 0), quiet: of(9, 0) }).verdict).toBe('inconclusive');
  });

  test('two clients behind one edge', () => {
    expect(judgeBehindEdge(of(31, 14), of(31, 14)).verdict).toBe('conforms');
    expect(judgeBehindEdge(of(31, 14), statuses(...times(45, 429))).verdict).toBe('deviates');
    // A slow machine: more was refilled during the first flood than during the second, or while both share one bucket.
    expect(judgeBehindEdge(of(34, 11), of(31, 14)).verdict).toBe('conforms');
    expect(judgeBehindEdge(of(34, 11), of(6, 39)).verdict).toBe('deviates');
  });
});

describe('answers', () => {
  const format = { status: 429, retryAfter_s: 60, limit: 100, code: 'RATE_LIMIT_EXCEEDED' };
  const document = { success: false, error: { code: 'RATE_LIMIT_EXCEEDED', message: 'Later.', retryAfter: 60 } };
  const good = (body: unknown) =>
    answer('0', 0, 429, {
      headers: [
        ['Content-Type', 'application/json'],
        ['Retry-After', '60'],
        ['X-RateLimit-Limit', '100'],
        ['X-RateLimit-Remaining', '0'],
        ['X-RateLimit-Reset', '1000060'],
      ],
      body_base64: Buffer.from(JSON.stringify(body)).toString('base64'),
    });

  test('the documented refusal has no fault', () => {
    expect(faultsOf(format, good(document), 1_000_000)).toEqual([]);
  });

  test('each missing part is named', () => {
    expect(faultsOf(format, good({ error: 'Rate limit exceeded' }), 1_000_000)).toHaveLength(4);
    expect(faultsOf(format, answer('0', 0, 429, { headers: [['Content-Type', 'text/html']] }), 1_000_000)).toHaveLength(
      6,
    );
    expect(faultsOf(format, good(document), 1)).toHaveLength(1);
  });

  test('a limiter that refuses nothing has no such answer', () => {
    expect(judgeFormat(format, of(8, 0), [], 0).verdict).toBe('deviates');
  });

  test('one status everywhere', () => {
    expect(judgeStatuses(429, [{ route: '/a', flooded: of(31, 14) }]).verdict).toBe('conforms');
    expect(
      judgeStatuses(429, [
        { route: '/a', flooded: of(31, 14) },
        { route: '/b', flooded: statuses(404, 503) },
      ]).verdict,
    ).toBe('deviates');
    expect(judgeStatuses(429, [{ route: '/a', flooded: of(45, 0) }]).verdict).toBe('deviates');
  });

  test('one line in the log for each refusal', () => {
    const line =
      '2026/01/01 00:00:00 [error] 7#7: *1 limiting requests, excess: 20.9 by zone "general", client: 198.18.32.1, server: x';
    const promised = { level: 'error', linesPerRefusal: 1 };
    expect(judgeLog(promised, of(21, 2), [line, line], '198.18.32.1').verdict).toBe('conforms');
    expect(judgeLog(promised, of(21, 2), [line], '198.18.32.1').verdict).toBe('deviates');
    expect(
      judgeLog(
        promised,
        of(21, 2),
        [line, line].map((one) => one.replace('error', 'warn')),
        '198.18.32.1',
      ).verdict,
    ).toBe('deviates');
  });
});

describe('configuration', () => {
  const config =
    '# limit_req_zone $x zone=old:1m rate=1r/s;\nlimit_req_zone $binary_remote_addr zone=api:10m rate=100r/m;\nlimit_req_zone $binary_remote_addr rate=2r/s zone=fast:1m;\n';

  test('zones are read without comments', () => {
    expect(rateZones(config)).toEqual([
      { name: 'api', key: '$binary_remote_addr', rate_perMin: 100, size_bytes: 10_485_760 },
      { name: 'fast', key: '$binary_remote_addr', rate_perMin: 120, size_bytes: 1_048_576 },
    ]);
  });

  test.each([
    ['conforms', 'api', 100],
    ['deviates', 'api', 50],
    ['deviates', 'old', 1],
  ] as const)('%s: zone %s at %i a minute', (verdict, name, rate_perMin) => {
    expect(judgeZones([{ name, keys: CLIENT_ADDRESS, rate_perMin }], 10_485_760, rateZones(config)).verdict).toBe(
      verdict,
    );
  });

  test('a Lua limiter needs its memory and its handler', () => {
    const memory = 'lua_shared_dict rate_limit 10m;\n';
    expect(judgeLuaLimiter(`${memory}access_by_lua_block { limit() }`, 10_485_760).verdict).toBe('conforms');
    expect(judgeLuaLimiter(memory, 10_485_760).verdict).toBe('deviates');
    expect(judgeLuaLimiter('# access_by_lua_block { }', 10_485_760).verdict).toBe('deviates');
  });
});
