import { describe, expect, test } from 'vitest';
import type { CoreResources, CoreUse, Curve } from '../../../reports/record/types.ts';
import { countedSpan, generatorUse, systemUse, usedUp, useInWords } from '../../../scenarios/cores.ts';
import { slowed } from '../../../scenarios/engines/validity.ts';

const span = countedSpan({ warmup_s: 5, measured_s: 10 });

/** One value while the load counts; the warm-up, the second at its end and what comes later are another. */
const counting = (value: number, other = 0): Curve =>
  Array.from({ length: 20 }, (_, at): [number, number] => [at, at >= 6 && at <= 15 ? value : other]);

const container = (name: string, role: 'sut' | 'instrument', cores: number) => ({
  container: name,
  role,
  cpu_cores: counting(cores),
  memory_mib: [],
});

const side = (name: CoreResources['side'], busy: number, cores = [0]): CoreResources => ({
  side: name,
  cores,
  busy_cores: counting(busy),
  interrupts_cores: counting(0.2),
});

const resources = [
  container('gateway-1', 'sut', 0.4),
  container('customer-1', 'sut', 0.22),
  container('generator', 'instrument', 0.5),
];

describe('use of the cores', () => {
  const seen = { resources, cores: [side('system', 0.99), side('generator', 0.8, [1])], sutCores: 1 };

  test('is that of all work on them, while the load counted', () => {
    const system = systemUse(seen, span);
    expect(system).toEqual({ cores: 1, busy: 0.99, containers: 0.62, interrupts: 0.2, stolen: 0 });
    expect(useInWords(system)).toBe('busy 0.99 of 1 core (0.37 of that in no watched container, 0.2 in interrupts)');
    expect(generatorUse(seen, span)).toMatchObject({ cores: 1, busy: 0.8, containers: 0.5 });
  });

  test('is that of the containers where nobody could read the cores, and says so', () => {
    const system = systemUse({ resources, sutCores: 2 }, span);
    expect(system).toEqual({ cores: 2, busy: 0.62, containers: 0.62 });
    expect(useInWords(system)).toContain('at least 0.62 of 2 cores (containers alone');
    expect(generatorUse({ resources }, span)).toBeNull();
    // Curves without a reading in the time that counts are no reading.
    const late = { ...side('system', 1), busy_cores: [[40, 1]] as const };
    expect(systemUse({ resources, cores: [late], sutCores: 1 }, span).interrupts).toBeUndefined();
  });
});

describe('used up', () => {
  const use = (busy: number, rest: Partial<CoreUse> = {}): CoreUse => ({ cores: 1, busy, containers: 0.5, ...rest });

  test.each([
    ['a core that is full', use(0.99), true],
    ['one with a tenth to spare', use(0.9), false],
    ['two cores with one full', use(1, { cores: 2 }), false],
    ['two full cores', use(1.94, { cores: 2 }), true],
    ['a core whose last fifth other guests of the host took', use(0.79, { stolen: 0.2 }), true],
    ['no core at all', use(0, { cores: 0 }), false],
  ])('%s', (_, one, verdict) => {
    expect(usedUp(one)).toBe(verdict);
  });

  test('cores of the generator explain what was slow, other programs first', () => {
    const calm = { generatorCpu: { share: 0.6, throttled_ms: 0, othersShare: 0.05 } };
    const crowded = { generatorCpu: { ...calm.generatorCpu, othersShare: 0.3 } };
    expect(slowed(calm, null)).toBeNull();
    expect(slowed(calm, use(0.9))).toBeNull();
    expect(slowed(calm, use(0.98))).toMatchObject({
      by: 'generator',
      why: expect.stringContaining('0.98 of 1 core') as string,
    });
    expect(slowed(crowded, use(0.98))?.by).toBe('others');
  });
});
