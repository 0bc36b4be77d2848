import { expect, test } from 'vitest';
import { machineTimeOf } from '../../../environments/harness/observe-containers.ts';

test('time of the machine that the run did not use is that of others, interrupts aside', () => {
  // user nice system idle iowait irq softirq steal guest guest_nice, in ticks of 10 ms.
  const time = machineTimeOf('cpu  400 10 90 200 20 30 150 100 50 5\n', 3_000);
  expect(time).toEqual({ all_ms: 10_000, others_ms: 3_000 });
});

test('a machine whose only work is the run and its network has no others', () => {
  expect(machineTimeOf('cpu  300 0 100 400 0 0 200 0 0 0', 4_000).others_ms).toBe(0);
});
