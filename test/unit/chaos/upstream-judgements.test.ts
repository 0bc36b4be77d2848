import { describe, expect, test } from 'vitest';

import { judgeProbed } from '../../../chaos/judgements/active-health.ts';
import { judgeConsecutive } from '../../../chaos/judgements/consecutive.ts';
import type { Tried } from '../../../chaos/judgements/consecutive.ts';
import { describeEjection, ejectedAfter, readEjection } from '../../../chaos/judgements/ejection.ts';
import { faultsOf, judgeOutageAnswers } from '../../../chaos/judgements/outage-answers.ts';
import type { OutageAnswer } from '../../../chaos/judgements/outage-answers.ts';
import { judgeRetries } from '../../../chaos/judgements/retries.ts';
import { judgeSilence } from '../../../chaos/judgements/silence.ts';
import type { SilenceSeen } from '../../../chaos/judgements/silence.ts';
import type { Burst } from '../../../chaos/requests/burst.ts';

describe('ejection', () => {
  const tries = [0, 200, 10_600, 21_100];

  test('failures, pauses and test requests are read from the tries', () => {
    const seen = readEjection(tries, 25_200);
    expect(seen).toEqual({ failures: 2, pauses_s: [10.4, 10.5], testRequests: [1, 1] });
    expect([ejectedAfter(seen, 2, 10), ejectedAfter(seen, 3, 30)]).toEqual([true, false]);
    expect(describeEjection(seen)).toBe('2 failures, left alone for 10.4 s, 1 test, left alone for 10.5 s, 1 test');
  });

  test('an instance that is tried to the end was never left alone', () => {
    const seen = readEjection([0, 200, 400, 600], 800);
    expect([seen.failures, ejectedAfter(seen, 4, 10), describeEjection(seen)]).toEqual([
      null,
      false,
      'it stayed in rotation',
    ]);
  });
});

describe('second tries', () => {
  const burst = (label: string, method: string, status: number, tried: readonly string[]): Burst => ({
    label,
    victim: 'bad',
    requests: [{ method, status, tried }],
  });
  const claim = {
    claim: 'demo',
    expected: 'second tries',
    reason: 'because',
    promises: [
      { label: 'status 503', methods: ['GET'], then: 'second try' },
      { label: 'status 500', methods: ['GET'], then: 'handed on' },
    ],
  } as const;
  const handedOn = burst('status 500', 'GET', 500, ['bad']);

  test.each([
    ['rescued and handed on', 'conforms', [burst('status 503', 'GET', 200, ['bad', 'good']), handedOn]],
    ['not rescued', 'deviates', [burst('status 503', 'GET', 503, ['bad']), handedOn]],
    ['tried again against the promise', 'deviates', [burst('status 500', 'GET', 200, ['bad', 'good'])]],
    ['nothing met the bad instance', 'inconclusive', [burst('status 503', 'GET', 200, ['good']), handedOn]],
  ] as const)('%s: %s', (_, verdict, bursts) => {
    expect(judgeRetries(claim, bursts).verdict).toBe(verdict);
  });
});

describe('answers during an outage', () => {
  const body = '{"success":false,"error":{"code":"SERVICE_UNAVAILABLE","retryAfter":60},"statusPage":"https://status"}';
  const answer: OutageAnswer = {
    method: 'GET',
    path: '/',
    status: 503,
    time_s: 0.01,
    headers: { 'retry-after': ['60'], 'content-type': ['application/json'] },
    body,
  };
  const promise = {
    status: 503,
    retryAfter_s: [60],
    json: true,
    body: { success: false, code: 'SERVICE_UNAVAILABLE', retryAfter: 60, statusPage: true },
  };

  test('the document conforms, and only while the pool is down', () => {
    expect(judgeOutageAnswers(true)('demo', [answer], promise, 'why').verdict).toBe('conforms');
    expect(judgeOutageAnswers(false)('demo', [answer], promise, 'why').verdict).toBe('inconclusive');
  });

  test('each missing part is named', () => {
    const page = { ...answer, status: 502, headers: { 'content-type': ['text/html'] }, body: '<html>' };
    expect(faultsOf(page, promise)).toEqual([
      'status 502',
      'Retry-After absent',
      'Content-Type text/html',
      'a body that is no JSON object',
      'no success: false',
      'error code absent',
      'no retryAfter in the body',
      'no statusPage',
    ]);
    expect(judgeOutageAnswers(true)('demo', [page], promise, 'why').verdict).toBe('deviates');
  });

  test('slow answers are no deviation', () => {
    const late = { ...answer, time_s: 0.2 };
    expect(judgeOutageAnswers(true)('demo', [late], { within_ms: 50 }, 'why').verdict).toBe('inconclusive');
  });
});

describe('silent instances', () => {
  const claims = { read: 'r', send: 's', retried: 'y', window: 'w' };
  const waits = { read_s: 60, send_s: 60, window_s: 10 };
  const verdicts = (seen: readonly SilenceSeen[], configured = waits) =>
    judgeSilence(claims, seen, configured, 10).map(({ verdict }) => verdict);
  const timedOut = (who: SilenceSeen['who'], time_s = 6.02): SilenceSeen => ({ who, status: 504, time_s, tries: 1 });

  test('504 after the minute, without a second try', () => {
    expect(verdicts([timedOut('one'), timedOut('all'), timedOut('unread', 6.4)])).toEqual([
      'conforms',
      'conforms',
      'deviates',
      'deviates',
    ]);
  });

  test('a shorter time-out breaks the minute and leaves room for a second try', () => {
    const rescued: SilenceSeen = { who: 'one', status: 200, time_s: 0.6, tries: 2 };
    expect(verdicts([rescued, timedOut('all', 1), timedOut('unread')], { ...waits, read_s: 5 })).toEqual([
      'deviates',
      'conforms',
      'conforms',
      'conforms',
    ]);
  });

  test('nothing seen, nothing said', () => {
    expect(new Set(verdicts([]))).toEqual(new Set(['inconclusive']));
  });
});

describe('failures with successes in between', () => {
  const tried = (until_ms: number): Tried[] =>
    Array.from({ length: until_ms / 100 }, (_, index) => ({ at_ms: index * 100, failed: index % 8 === 3 }));
  const trial = (until_ms: number) => ({ tried: tried(until_ms), from_ms: 0, to_ms: 10_000, faultShown: true });

  test('deviates when the instance is left alone, conforms when it stays, says nothing without the fault', () => {
    expect(judgeConsecutive('demo', [trial(1_200)]).verdict).toBe('deviates');
    expect(judgeConsecutive('demo', [trial(10_000)]).verdict).toBe('conforms');
    expect(judgeConsecutive('demo', [{ ...trial(1_200), faultShown: false }]).verdict).toBe('inconclusive');
  });
});

describe('probed instances', () => {
  const seen = { probes: 3, watched_s: 16, served: { good: 40 }, servedWhenNew: { good: 40 } };
  const promise = { probes: 3, out: ['bad'] };

  test('out and probed conforms, in rotation deviates, too few answers say nothing', () => {
    expect(judgeProbed('demo', [seen], promise).verdict).toBe('conforms');
    expect(judgeProbed('demo', [{ ...seen, served: { good: 40, bad: 9 } }], promise).verdict).toBe('deviates');
    expect(judgeProbed('demo', [{ ...seen, probes: 0 }], promise).verdict).toBe('deviates');
    expect(judgeProbed('demo', [{ ...seen, served: { good: 5 } }], promise).verdict).toBe('inconclusive');
  });
});
