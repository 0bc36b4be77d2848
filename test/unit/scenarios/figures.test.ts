import { describe, expect, test } from 'vitest';
import { meanCores } from '../../../scenarios/cores.ts';
import {
  acceptedPerMin,
  answeredPerS,
  judgeFigure,
  mostAtOnce,
  workerMemoryHolding,
} from '../../../scenarios/figures.ts';
import { ACHIEVED_RULE } from '../../../scenarios/engines/validity.ts';
import type { LoadSeen } from '../../../scenarios/figures.ts';
import allClients from '../../../scenarios/definitions/production-gateway/all-clients-limit.ts';
import openConnections from '../../../scenarios/definitions/production-gateway/open-connections.ts';
import staticThroughput from '../../../scenarios/definitions/production-gateway/static-throughput.ts';

const shape = { rate_perS: 10_200, warmup_s: 2, measured_s: 10 };
const PROMISE = {
  claim: 'demo',
  what: 'requests answered',
  unit: 'requests/s',
  better: 'higher',
  limit: 10_000,
  of: answeredPerS('gateway-1'),
} as const;

/** So many of 102,000 requests were answered, while the gateway used so much of its core. */
function seen(answered: number, cores: number): LoadSeen {
  return {
    shape,
    sutCores: 1,
    measured: {
      generatorCpu: { share: 0.5, throttled_ms: 0, othersShare: 0 },
      seconds: new Map(),
      offered: 102_000,
      achieved: 102_000,
      outcomes: { answered, refused: 0, failed: 102_000 - answered },
    } as unknown as LoadSeen['measured'],
    resources: [
      {
        container: 'gateway-1',
        role: 'sut',
        // Busy while connections are opened; that does not count.
        cpu_cores: [[1, 1], ...Array.from({ length: 10 }, (_, n): [number, number] => [n + 2, cores])],
        memory_mib: [],
      },
    ],
  };
}

const holds = [{ rule: 'the generator ran to its end', holds: true, seen: 'exit code 0' }];

describe('requests that one gateway answers', () => {
  test('conform when the whole interval reaches the promise', () => {
    expect(judgeFigure(PROMISE, seen(102_000, 0.6), holds)).toMatchObject({ verdict: 'conforms', measured: 10_200 });
    expect(judgeFigure(PROMISE, seen(101_000, 0.9), holds).verdict).toBe('conforms');
  });

  test('deviate when the gateway had time to spare and did not answer', () => {
    expect(judgeFigure(PROMISE, seen(60_000, 0.5), holds)).toMatchObject({ verdict: 'deviates', measured: 6_000 });
  });

  test('say what a core carries when it was used up, and no more', () => {
    const { verdict, reason } = judgeFigure(PROMISE, seen(60_000, 0.98), holds);
    expect(verdict).toBe('inconclusive');
    expect(reason).toContain('6122 requests/s a core');
  });

  test('count the whole work of the core, of which the gateway has but a part', () => {
    const busy = (system: number, generator: number): LoadSeen => ({
      ...seen(60_000, 0.6),
      cores: (
        [
          ['system', system],
          ['generator', generator],
        ] as const
      ).map(([side, cores], core) => ({
        side,
        cores: [core],
        busy_cores: Array.from({ length: 13 }, (_, n): [number, number] => [n, cores]),
        interrupts_cores: [],
      })),
    });
    const full = judgeFigure(PROMISE, busy(1, 0.7), holds);
    expect(full.verdict).toBe('inconclusive');
    expect(full.reason).toContain('0.60 by the gateway: 6000 requests/s a core');
    expect(judgeFigure(PROMISE, busy(0.7, 0.7), holds).verdict).toBe('deviates');
    // A generator that had no time left may have been what was slow.
    expect(judgeFigure(PROMISE, busy(0.7, 1), holds).reason).toContain("the generator's cores were used up");
  });

  test('decide nothing when the generator was not sound', () => {
    const broken = [{ rule: 'generator below 85 % of its CPU', holds: false, seen: '97 %' }];
    expect(judgeFigure(PROMISE, seen(60_000, 0.5), broken)).toMatchObject({
      verdict: 'inconclusive',
      reason: 'generator below 85 % of its CPU: 97 %',
    });
  });
});

describe('what a limit lets through', () => {
  const promise = { ...PROMISE, better: 'lower', unit: 'requests/min', limit: 1_020, of: acceptedPerMin } as const;
  /** A minute with 3,600 requests, of which so many were answered and so many failed. */
  const minute = (answered: number, failed = 0): LoadSeen => ({
    shape: { ...shape, measured_s: 60 },
    sutCores: 1,
    resources: [],
    measured: {
      offered: 3_600,
      achieved: 3_600,
      outcomes: { answered, refused: 3_600 - answered - failed, failed },
    } as unknown as LoadSeen['measured'],
  });
  const refusing = [{ rule: 'no refusals by limiters', holds: false, seen: '2600 requests got 429' }];

  test('is counted: refusals are the question, not a fault of the load', () => {
    expect(judgeFigure(promise, minute(1_000), refusing)).toMatchObject({ verdict: 'conforms', measured: 1_000 });
    expect(judgeFigure(promise, minute(3_600), holds)).toMatchObject({ verdict: 'deviates', measured: 3_600 });
  });

  test('says nothing when little was sent, or when requests failed for another reason', () => {
    const little = [{ rule: 'achieved at least 99 % of what was offered', holds: false, seen: '20 of 3600 (0.6 %)' }];
    expect(judgeFigure(promise, minute(20), little).verdict).toBe('inconclusive');
    expect(judgeFigure(promise, minute(0, 3_600), holds)).toMatchObject({
      verdict: 'inconclusive',
      reason: '3600 of 3600 requests failed, and not by a limiter',
    });
  });

  test('is that of the ledger, and each client stays below its own limit', () => {
    expect(allClients.figures?.[0]).toMatchObject({ claim: 'production-gateway.rate-limit.global-1000', limit: 1_020 });
    expect(allClients.perAddress_perMin).toBeLessThan(100);
  });
});

test('connections are counted by the generator', () => {
  const promise = { ...PROMISE, unit: 'connections', of: mostAtOnce('held') };
  const holding = (held: number): LoadSeen => {
    const base = seen(held, 0.1);
    return { ...base, measured: { ...base.measured, connections: { held, lost: 10_100 - held, waiting: 12 } } };
  };
  expect(judgeFigure(promise, holding(0), holds).reason).toContain('not one request was answered');
  expect(judgeFigure(promise, holding(10_100), holds).verdict).toBe('conforms');
  expect(judgeFigure(promise, holding(8_180), holds)).toMatchObject({ verdict: 'deviates', measured: 8_180 });
});

describe('memory of a worker', () => {
  const promise = {
    ...PROMISE,
    unit: 'MiB',
    better: 'lower',
    limit: 10,
    question: ACHIEVED_RULE,
    of: workerMemoryHolding('gateway-1', 4_000),
  } as const;
  const refused = [{ rule: ACHIEVED_RULE, holds: false, seen: '6228 of 10100 (61.7 %)' }];
  const holding = (held: number, worker_mib?: [number, number][]): LoadSeen => {
    const base = seen(0, 0.1);
    return {
      ...base,
      measured: { ...base.measured, connections: { held, lost: 10_100 - held, waiting: 12 } },
      resources: base.resources.map((one) => ({ ...one, ...(worker_mib ? { worker_mib } : {}) })),
    };
  };

  test('is that of the largest one at any time, whatever was refused', () => {
    expect(
      judgeFigure(
        promise,
        holding(6_228, [
          [5, 6.1],
          [60, 9.4],
        ]),
        refused,
      ),
    ).toMatchObject({ verdict: 'conforms', measured: 9.4 });
    expect(
      judgeFigure(
        promise,
        holding(6_228, [
          [5, 6.1],
          [60, 71.5],
          [65, 8],
        ]),
        refused,
      ),
    ).toMatchObject({
      verdict: 'deviates',
      measured: 71.5,
    });
  });

  test('says nothing with few connections, or unread', () => {
    expect(judgeFigure(promise, holding(100, [[5, 6.1]]), refused).reason).toContain('only 100 connections');
    expect(judgeFigure(promise, holding(6_228), refused).verdict).toBe('inconclusive');
  });

  test('is not believed when the generator broke', () => {
    const broken = [{ rule: 'the generator ran to its end', holds: false, seen: 'exit code 1' }];
    expect(judgeFigure(promise, holding(6_228, [[5, 6.1]]), broken).verdict).toBe('inconclusive');
  });

  test('is a promise of the ledger', () => {
    expect(openConnections.figures?.map(({ claim }) => claim)).toContain('production-gateway.resources.worker-memory');
    expect(openConnections.watchesWorkers).toBe(true);
  });
});

test('processor use is that of the counted time', () => {
  expect(meanCores(seen(0, 0.4).resources, 'gateway-1', shape)).toBeCloseTo(0.4);
  expect(meanCores(seen(0, 0.4).resources, 'nobody', shape)).toBe(0);
});

test('the promise is that of the ledger, and more is asked', () => {
  expect(staticThroughput.figures?.[0]).toMatchObject({
    claim: 'production-gateway.throughput.10k-rps',
    limit: 10_000,
  });
  for (const one of Object.values(staticThroughput.shapes)) expect(one.rate_perS).toBeGreaterThan(10_000);
});
