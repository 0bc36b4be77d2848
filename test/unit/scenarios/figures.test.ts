import { describe, expect, test } from 'vitest';
import { meanCores } from '../../../scenarios/cores.ts';
import { acceptedPerMin, judgeFigure } from '../../../scenarios/figures.ts';
import type { LoadSeen } from '../../../scenarios/figures.ts';
import allClients from '../../../scenarios/definitions/production-gateway/all-clients-limit.ts';

const PROMISE = {
  claim: 'demo',
  what: 'requests of all clients that were accepted',
  unit: 'requests/min',
  better: 'lower',
  limit: 1_020,
  of: acceptedPerMin,
} as const;

/** A minute with 3,600 requests, of which so many were answered and so many failed. */
function minute(answered: number, failed = 0): LoadSeen {
  return {
    shape: { rate_perS: 60, warmup_s: 10, measured_s: 60 },
    measured: {
      offered: 3_600,
      achieved: 3_600,
      outcomes: { answered, refused: 3_600 - answered - failed, failed },
    } as unknown as LoadSeen['measured'],
  };
}

const holds = [{ rule: 'the generator ran to its end', holds: true, seen: 'exit code 0' }];
const refusing = [{ rule: 'no refusals by limiters', holds: false, seen: '2600 requests got 429' }];

describe('what a limit for all lets through', () => {
  test('is counted: refusals are the question, not a fault of the load', () => {
    expect(judgeFigure(PROMISE, minute(1_000), refusing)).toMatchObject({ verdict: 'conforms', measured: 1_000 });
    expect(judgeFigure(PROMISE, minute(3_600), holds)).toMatchObject({ verdict: 'deviates', measured: 3_600 });
  });

  test('says nothing when little was sent, or when requests failed for another reason', () => {
    const little = [{ rule: 'achieved at least 99 % of what was offered', holds: false, seen: '20 of 3600 (0.6 %)' }];
    expect(judgeFigure(PROMISE, minute(20), little).verdict).toBe('inconclusive');
    expect(judgeFigure(PROMISE, minute(0, 3_600), holds)).toMatchObject({
      verdict: 'inconclusive',
      reason: '3600 of 3600 requests failed, and not by a limiter',
    });
  });

  test('more than was promised needs no sound load where more is better', () => {
    const more = { ...PROMISE, better: 'higher', limit: 900 } as const;
    const broken = [{ rule: 'generator below 85 % of its CPU', holds: false, seen: '97 %' }];
    expect(judgeFigure(more, minute(1_000), broken).verdict).toBe('conforms');
    expect(judgeFigure(more, minute(800), broken).verdict).toBe('inconclusive');
    expect(judgeFigure(more, minute(800), holds).verdict).toBe('deviates');
  });
});

test('the promise is that of the ledger, and each client stays below its own limit', () => {
  expect(allClients.figures?.[0]).toMatchObject({ claim: 'production-gateway.rate-limit.global-1000', limit: 1_020 });
  expect(allClients.perAddress_perMin).toBeLessThan(100);
});

test('processor use is that of the counted time', () => {
  const cpu_cores: [number, number][] = [
    [1, 1],
    ...Array.from({ length: 10 }, (_, n): [number, number] => [n + 2, 0.4]),
  ];
  const resources = [{ container: 'gateway-1', role: 'sut' as const, cpu_cores, memory_mib: [] }];
  expect(meanCores(resources, 'gateway-1', { warmup_s: 2, measured_s: 10 })).toBeCloseTo(0.4);
  expect(meanCores(resources, 'nobody', { warmup_s: 2, measured_s: 10 })).toBe(0);
});
