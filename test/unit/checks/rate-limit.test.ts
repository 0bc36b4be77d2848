import { describe, expect, test } from 'vitest';
import {
  judgeBurst,
  judgeLimit,
  judgeLimitAndRate,
  judgeRate,
  judgeWindow,
} from '../../../conformance/checks/rate-limit.ts';
import { PROBE, enough, pressure, sort } from '../../../conformance/checks/rate-limit-flood.ts';
import { answer, floodAt, httpStep, statuses } from './limit-observations.ts';

const documented = { rate_perMin: 100, burst: 30 };

describe('accepted and refused', () => {
  test('the first answer says what an accepted one looks like', () => {
    const { accepted, refused, lost } = sort(statuses(404, 404, 503, null));
    expect([accepted.length, refused.length, lost.length]).toEqual([2, 1, 1]);
  });
});

describe('burst at a promised rate', () => {
  test('the promised limiter conforms', () => {
    expect(judgeLimit({ ...documented, status: 429 }, floodAt(documented, enough(30))).verdict).toBe('conforms');
  });

  test.each([
    { burst: 29, refusal: 429 },
    { burst: 31, refusal: 429 },
    { burst: 0, refusal: 429 },
    { burst: 30, refusal: 503 },
  ])('burst $burst refused with $refusal deviates', (limiter) => {
    expect(
      judgeLimit({ ...documented, status: 429 }, floodAt({ rate_perMin: 100, ...limiter }, enough(30))).verdict,
    ).toBe('deviates');
  });

  test('no limit at all deviates', () => {
    expect(judgeLimit(documented, statuses(...Array.from({ length: 43 }, () => 200))).verdict).toBe('deviates');
  });

  test('requests that get no answer deviate, unless the client is at fault', () => {
    const of = (code: string) => ({
      steps: [httpStep('0'), httpStep('1')],
      observations: [answer('0', 0, 200), answer('1', 1, null, { error: { code, message: '' } })],
    });
    expect(judgeLimit(documented, of('TIMEOUT')).verdict).toBe('deviates');
    expect(judgeLimit(documented, of('EADDRNOTAVAIL')).verdict).toBe('inconclusive');
  });

  test('a flood that takes half a minute tells no size', () => {
    const observations = Array.from({ length: 30 }, (_, index) =>
      answer(String(index), index * 1000, index === 29 ? 429 : 200, { done_ms: index * 1000 + 20_000 }),
    );
    expect(
      judgeLimit(documented, { steps: observations.map(({ id }) => httpStep(id)), observations }).verdict,
    ).not.toBe('conforms');
  });
});

describe('burst at an unknown rate', () => {
  test('some pressure afterwards tells the size', () => {
    const flooded = floodAt(documented, enough(30), PROBE);
    expect(judgeBurst({ burst: 30, status: 429 }, flooded).verdict).toBe('conforms');
    expect(judgeBurst({ burst: 28 }, flooded).verdict).toBe('deviates');
  });
});

describe('rate under pressure', () => {
  test.each([50, 100, 200])('%i a minute conforms', (rate_perMin) => {
    expect(judgeRate(rate_perMin, floodAt({ rate_perMin, burst: 10 }, 23, pressure(rate_perMin))).verdict).toBe(
      'conforms',
    );
  });

  test.each([90, 110, 200])('%i a minute is not 100', (rate_perMin) => {
    expect(judgeRate(100, floodAt({ rate_perMin, burst: 30 }, 45, pressure(100))).verdict).toBe('deviates');
  });

  test('a burst alone does not tell the rate', () => {
    expect(judgeRate(100, floodAt(documented, 45)).verdict).toBe('inconclusive');
  });

  test('both are judged together', () => {
    expect(judgeLimitAndRate(documented, floodAt(documented, 43, pressure(100))).verdict).toBe('conforms');
    expect(judgeLimitAndRate(documented, floodAt({ rate_perMin: 120, burst: 30 }, 43, pressure(100))).verdict).toBe(
      'deviates',
    );
  });
});

describe('window', () => {
  test('a bucket admits its burst on top', () => {
    expect(judgeWindow(100, 60, floodAt(documented, 110, pressure(100))).verdict).toBe('deviates');
  });

  test('a window admits all at once and then nothing', () => {
    const at = [
      ...Array.from({ length: 110 }, (_, index) => index),
      ...Array.from({ length: 38 }, (_, index) => 1000 + 260 * index),
    ];
    const flooded = {
      steps: at.map((_, index) => httpStep(String(index))),
      observations: at.map((ms, index) => answer(String(index), ms, index < 100 ? 200 : 429)),
    };
    expect(judgeWindow(100, 60, flooded).verdict).toBe('conforms');
  });
});
