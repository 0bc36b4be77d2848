import { describe, expect, test } from 'vitest';
import { coreCurves } from '../../../cli/run/core-curves.ts';
import { readCoreTimes } from '../../../environments/harness/host-cores.ts';

/** Core 0 works with half of its core, a fifth of that in softirq; core 1 idles; core 2 loses a tenth to other guests. */
const reading = (second: number) => ({
  at_ms: 10_000 + second * 1_000,
  cores: readCoreTimes(
    [
      `cpu0 ${String(1_000 + 30 * second)} 0 ${String(10 * second)} ${String(50 * second)} 0 0 ${String(10 * second)} 0`,
      `cpu1 500 0 0 ${String(90 * second)} ${String(10 * second)} 0 0 0`,
      `cpu2 ${String(90 * second)} 0 0 7 0 0 0 ${String(10 * second)}`,
    ].join('\n'),
  ),
});

describe('curves of cores', () => {
  test('add up the cores of a side, a second at a time', () => {
    const readings = [0, 1, 2].map(reading);
    expect(coreCurves({ system: [0, 1], generator: [2] }, readings, 11_000)).toEqual([
      {
        side: 'system',
        cores: [0, 1],
        busy_cores: [
          [0, 0.5],
          [1, 0.5],
        ],
        interrupts_cores: [
          [0, 0.1],
          [1, 0.1],
        ],
      },
      {
        side: 'generator',
        cores: [2],
        busy_cores: [
          [0, 0.9],
          [1, 0.9],
        ],
        interrupts_cores: [
          [0, 0],
          [1, 0],
        ],
        stolen_cores: [
          [0, 0.1],
          [1, 0.1],
        ],
      },
    ]);
  });

  test('are not told when a core of a side cannot be read, or was read once only', () => {
    expect(coreCurves({ system: [0, 7], generator: [2] }, [0, 1, 2].map(reading), 11_000)).toEqual([]);
    expect(coreCurves({ system: [0], generator: [2] }, [reading(1)], 11_000)).toEqual([]);
  });
});
