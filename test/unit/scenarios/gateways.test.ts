import { describe, expect, test } from 'vitest';
import type { Curve } from '../../../reports/record/types.ts';
import twoGateways from '../../../scenarios/definitions/production-gateway/two-gateways.ts';
import { judgeFigure } from '../../../scenarios/figures.ts';
import type { LoadSeen } from '../../../scenarios/figures.ts';
import { areaUnder } from '../../../scenarios/gateways.ts';

const shape = { rate_perS: 100, warmup_s: 4, measured_s: 30 };

/** Requests a second that each gateway served all the time; null for one that tells nobody. */
function seen(...rates: readonly (number | null)[]): LoadSeen {
  return {
    shape,
    sutCores: 1,
    measured: {} as LoadSeen['measured'],
    resources: rates.map((rate, n) => ({
      container: `gateway-${String(n + 1)}`,
      role: 'sut',
      cpu_cores: [],
      memory_mib: [],
      ...(rate === null
        ? {}
        : {
            nginx: {
              ...NOTHING,
              requests_perS: [
                [0, rate],
                [40, rate],
              ] satisfies Curve,
            },
          }),
    })),
  };
}
const NOTHING = { active: [], reading: [], writing: [], waiting: [], accepted_perS: [], handled_perS: [] };
const [promise] = twoGateways.figures ?? [];

function judged(...rates: readonly (number | null)[]) {
  if (!promise) throw new Error('the scenario promises nothing');
  return judgeFigure(promise, seen(...rates), []);
}

describe('what a second gateway adds', () => {
  test('is nothing when it serves nothing', () => {
    expect(judged(101, 1)).toMatchObject({ verdict: 'deviates', measured: 1 });
  });

  test('is all of it when both serve the same', () => {
    expect(judged(52, 49)).toMatchObject({ verdict: 'conforms', measured: 1.9 });
  });

  test('is told neither of a silent gateway nor of a handful of requests', () => {
    expect(judged(101, null)).toMatchObject({ verdict: 'inconclusive', reason: 'nobody knows what gateway-2 served' });
    expect(judged(3, 3).reason).toContain('90 and 90 requests');
  });
});

test('an area is that between the instants, whether even stretches have points or not', () => {
  const steps: Curve = [
    [0, 10],
    [10, 10],
    [11, 20],
    [20, 20],
  ];
  expect(areaUnder(steps, 0, 20)).toBeCloseTo(100 + 15 + 180, 6);
  expect(areaUnder(steps, 5, 10.5)).toBeCloseTo(50 + 6.25, 6);
  expect(areaUnder(steps, 30, 40)).toBe(0);
});
