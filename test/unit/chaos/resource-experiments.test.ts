import { describe, expect, test } from 'vitest';

import adminLoss from '../../../chaos/experiments/production-gateway/admin-primary-loss.ts';
import adminPool from '../../../chaos/experiments/production-gateway/admin-pool-loss.ts';
import authLoss from '../../../chaos/experiments/production-gateway/auth-service-loss.ts';
import paused from '../../../chaos/experiments/production-gateway/customer-instance-pause.ts';
import outage from '../../../chaos/experiments/production-gateway/customer-pool-outage.ts';
import quota from '../../../chaos/experiments/production-gateway/gateway-cpu-quota.ts';
import reload from '../../../chaos/experiments/production-gateway/nginx-reload.ts';
import sessions from '../../../chaos/experiments/production-gateway/session-survival.ts';
import redis from '../../../chaos/experiments/production-gateway/redis-restart.ts';
import pm2 from '../../../chaos/experiments/production-gateway/pm2-worker-kill.ts';
import { fitShares } from '../../../chaos/judgements/answered-by.ts';
import type { Experiment } from '../../../chaos/runner/experiment.ts';
import { parseSettings } from '../../../chaos/runner/settings.ts';
import { madeTrial } from './trials.ts';
import type { MadeTrial } from './trials.ts';

const SETTINGS = { keepalived: {}, nginx: parseSettings('# configuration file /etc/nginx/nginx.conf:\nhttp { }', 'g') };
const TIMES = { injected_ms: 4_000, reverted_ms: 16_000, healed_ms: 18_000, end_ms: 40_000 };
const during = (sent_ms: number): boolean => sent_ms > TIMES.injected_ms && sent_ms < TIMES.reverted_ms;
const verdicts = (declared: Experiment, made: Partial<MadeTrial> & Pick<MadeTrial, 'answer'>) =>
  declared.judge([madeTrial({ ...TIMES, ...made })], SETTINGS).map(({ verdict }) => verdict);
const broken = { answer: () => 'customer-1', invalidReason: 'the prober was late' };

test.each([adminLoss, adminPool, authLoss, paused, outage, reload, sessions, redis, pm2])(
  'a trial that does not count tells nothing, and every claim is judged ($title)',
  (declared) => {
    const judged = declared.judge([madeTrial({ ...TIMES, ...broken })], SETTINGS);
    expect(judged.map(({ claim }) => claim)).toEqual(declared.verifies);
    expect(judged.every(({ verdict }) => verdict === 'inconclusive')).toBe(true);
  },
);

describe('invisible faults', () => {
  test('no failure conforms, an outage deviates and says why', () => {
    expect(verdicts(pm2, { answer: () => 'customer-1' })).toEqual(['conforms']);
    const data = madeTrial({ ...TIMES, answer: (at_ms) => (during(at_ms) ? null : 'customer-1') });
    const [judged] = pm2.judge([data], SETTINGS);
    expect(judged?.verdict).toBe('deviates');
    expect(judged?.reason).toContain('not tried at another instance');
  });
});

describe('a yearly budget of downtime', () => {
  test('short losses fit, long ones do not', () => {
    expect(verdicts(reload, { answer: () => 'customer-1' })).toEqual(['conforms']);
    expect(verdicts(reload, { answer: (at_ms) => (at_ms > 5_000 && at_ms < 5_200 ? null : 'c') })).toEqual([
      'conforms',
    ]);
    expect(verdicts(reload, { answer: (at_ms) => (during(at_ms) ? null : 'c') })).toEqual(['deviates']);
  });

  test('what comes back by itself is counted, what lasts until the fault goes is not', () => {
    const at = (from_ms: number, to_ms: number) => (at_ms: number) =>
      at_ms > from_ms && at_ms < to_ms ? null : 'customer-1';
    expect(verdicts(quota, { answer: at(5_000, 15_000) })).toEqual(['conforms']);
    expect(verdicts(quota, { answer: at(12_000, 17_000) })).toEqual(['deviates']);
    expect(verdicts(quota, { answer: at(15_800, 16_200) })).toEqual(['conforms']);
  });
});

describe('shares', () => {
  test('fit, differ or cannot be told', () => {
    expect(fitShares({ a: 50, b: 50 }, { a: 50, b: 50 }, 4)).toBe('fits');
    expect(fitShares({ a: 67, b: 33 }, { a: 50, b: 50 }, 4)).toBe('differs');
    expect(fitShares({ a: 50, b: 50, c: 1 }, { a: 50, b: 50 }, 4)).toBe('differs');
    expect(fitShares({ a: 6, b: 4 }, { a: 50, b: 50 }, 4)).toBe('unclear');
    expect(fitShares({}, { a: 100 }, 4)).toBe('unclear');
  });

  const notes = {
    'shares without admin-3 are counted from here': 6_000,
    'shares without admin-3 are counted to here': 10_000,
    'shares without admin-1 are counted from here': 20_000,
    'shares without admin-1 are counted to here': 24_000,
  };
  const alternate = (of: readonly string[], at_ms: number): string => of[Math.floor(at_ms / 10) % of.length] ?? '';

  test('of admin primaries follow the weights, and the backup stays idle', () => {
    const answer = (at_ms: number): string =>
      at_ms < 15_000 ? alternate(['admin-1', 'admin-2'], at_ms) : alternate(['admin-2', 'admin-3', 'admin-2'], at_ms);
    expect(verdicts(adminLoss, { answer, notes })).toEqual(['conforms', 'conforms', 'conforms']);
    const wrong = (at_ms: number): string => (at_ms > 20_000 && at_ms < 24_000 ? 'admin-4' : answer(at_ms));
    expect(verdicts(adminLoss, { answer: wrong, notes })).toEqual(['deviates', 'conforms', 'deviates']);
  });
});

describe('the admin backup', () => {
  const backup = (at_ms: number): string => (during(at_ms) ? 'admin-4' : 'admin-1');
  test('answers while all primaries are gone and at no other time', () => {
    expect(verdicts(adminPool, { answer: backup })).toEqual(['conforms']);
    expect(verdicts(adminPool, { answer: (at_ms) => (at_ms < 1_000 ? 'admin-4' : backup(at_ms)) })).toEqual([
      'deviates',
    ]);
    expect(verdicts(adminPool, { answer: (at_ms) => (at_ms > 35_000 ? 'admin-4' : backup(at_ms)) })).toEqual([
      'deviates',
    ]);
    expect(verdicts(adminPool, { answer: (at_ms) => (during(at_ms) ? null : 'admin-1') })).toEqual(['deviates']);
  });
});

describe('the authentication service is gone', () => {
  test('refusals conform, answers deviate, silence cannot be told', () => {
    const refused = (at_ms: number): string | null => (during(at_ms) ? null : 'customer-1');
    expect(verdicts(authLoss, { answer: refused, kind: 'status-500' })).toEqual(['conforms']);
    expect(verdicts(authLoss, { answer: () => 'customer-1' })).toEqual(['deviates']);
    expect(verdicts(authLoss, { answer: refused, kind: 'timeout' })).toEqual(['inconclusive']);
  });
});

describe('a paused instance', () => {
  test('gets few requests or its full share', () => {
    const every = (n: number) => (at_ms: number) => (during(at_ms) && (at_ms / 10) % n === 0 ? null : 'customer-2');
    expect(verdicts(paused, { answer: every(100) })).toEqual(['conforms']);
    expect(verdicts(paused, { answer: every(5) })).toEqual(['deviates']);
  });
});

describe('the return of a whole pool', () => {
  const gone = (until_ms: number) => (at_ms: number) => (at_ms > TIMES.injected_ms && at_ms < until_ms ? null : 'c');
  test('within fail_timeout conforms, later deviates, without an outage nothing is told', () => {
    expect(verdicts(outage, { answer: gone(TIMES.healed_ms + 9_000) })).toEqual(['conforms']);
    expect(verdicts(outage, { answer: gone(TIMES.healed_ms + 15_000) })).toEqual(['deviates']);
    expect(verdicts(outage, { answer: () => 'c' })).toEqual(['inconclusive']);
  });
});

describe('what stores keep', () => {
  const answer = (): string => 'customer-1';
  test('sessions', () => {
    const at = (statuses: string) =>
      Object.fromEntries(
        ['customer-1', 'customer-3', 'customer-4', 'customer-5'].map((name, index) => [
          `session of the lost instance asked at ${name}: ${statuses}`,
          5_000 + index,
        ]),
      );
    expect(verdicts(sessions, { answer, notes: at('200 200 200 200 200') })).toEqual(['conforms']);
    expect(verdicts(sessions, { answer, notes: at('200 401 200 200 200') })).toEqual(['deviates']);
    expect(verdicts(sessions, { answer, notes: at('200 503 200 200 200') })).toEqual(['inconclusive']);
  });

  test('keys', () => {
    const kept = (count: number, appendonly: string) => {
      const data = madeTrial({ ...TIMES, answer, notes: { [`keys after the restart: ${count}`]: 6_000 } });
      const collected = { 'Redis settings': ['save', '3600 1', 'appendonly', appendonly] };
      return redis.judge([{ ...data, collected }], SETTINGS)[0]?.verdict;
    };
    expect(kept(1_000, 'yes')).toBe('conforms');
    expect(kept(1_000, 'no')).toBe('deviates');
    expect(kept(12, 'no')).toBe('deviates');
  });
});
