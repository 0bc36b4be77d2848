import { describe, expect, test } from 'vitest';
import { BUDGET_MS, seedOf, serviceTimes, uniform } from '../../../environments/apps/service/service-time.ts';

function draw(seed: number, count: number): number[] {
  const next = serviceTimes(seed);
  return Array.from({ length: count }, next);
}

describe('drawn service times', () => {
  const sorted = draw(1, 20_000).sort((a, b) => a - b);
  const quantile = (share: number): number => sorted[Math.floor(share * sorted.length)] ?? Number.NaN;

  test('stay within the documented total of 30 to 640 ms', () => {
    const phases = Object.values(BUDGET_MS);
    expect(phases.reduce((sum, [low]) => sum + low, 0)).toBe(30);
    expect(phases.reduce((sum, [, high]) => sum + high, 0)).toBe(640);
    expect(quantile(0)).toBeGreaterThanOrEqual(30);
    expect(sorted.at(-1)).toBeLessThanOrEqual(640);
  });

  test('have their median well inside and a long upper tail', () => {
    expect(quantile(0.5)).toBeGreaterThan(130);
    expect(quantile(0.5)).toBeLessThan(160);
    expect(quantile(0.95)).toBeGreaterThan(350);
    expect(quantile(0.95)).toBeLessThan(480);
  });

  test('repeat with their seed and differ without', () => {
    expect(draw(7, 5)).toEqual(draw(7, 5));
    expect(draw(7, 5)).not.toEqual(draw(8, 5));
    expect(seedOf(1, 'customer-1/0')).not.toBe(seedOf(1, 'customer-1/1'));
    expect(seedOf(1, 'customer-1/0')).not.toBe(seedOf(2, 'customer-1/0'));
  });
});

test('the generator is uniform on [0, 1)', () => {
  const random = uniform(3);
  const values = Array.from({ length: 10_000 }, random);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values)).toBeLessThan(1);
  expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0.5, 1);
});
