import { describe, expect, test } from 'vitest';
import { readCoreTimes, readingsOf } from '../../../environments/harness/host-cores.ts';
import { coresIn } from '../../../environments/harness/observe-containers.ts';

// user nice system idle iowait irq softirq steal guest guest_nice
const STAT = [
  'cpu  59959 0 32969 95473 1634 0 1322 323 0 0',
  'cpu0 300 10 160 480 30 2 40 15 7 1',
  'cpu1 100 0 50 800 20 0 0 0 0 0',
  'intr 3737421 0 0 0',
  'ctxt 10180605',
];

describe('times of cores', () => {
  test('are all work but idling and waiting for a disk, in ms; interrupts are a part, stolen time is none', () => {
    expect([...readCoreTimes(STAT.join('\n'))]).toEqual([
      [0, { busy_ms: 5_120, interrupts_ms: 420, stolen_ms: 150, idle_ms: 5_100 }],
      [1, { busy_ms: 1_500, interrupts_ms: 0, stolen_ms: 0, idle_ms: 8_200 }],
    ]);
  });

  test('of a sandbox that shows only zeros are not there, nor is the sum of all cores', () => {
    expect(readCoreTimes('cpu  9 0 9 9 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n').size).toBe(0);
  });

  test('of old kernels lack the last counters', () => {
    expect(readCoreTimes('cpu0 1 2 3 4').get(0)).toEqual({ busy_ms: 60, interrupts_ms: 0, stolen_ms: 0, idle_ms: 40 });
  });

  test('come line by line from a container, a reading at its empty line', () => {
    const take = readingsOf();
    const lines = [STAT[1] ?? '', STAT[2] ?? '', '', STAT[2] ?? '', ''];
    expect(lines.map((line) => take(line)?.size ?? null)).toEqual([null, null, 2, null, 1]);
  });
});

test('sets of cores are read as the engine writes them', () => {
  expect(coresIn('0-1,3')).toEqual([0, 1, 3]);
  expect(coresIn('5')).toEqual([5]);
});
