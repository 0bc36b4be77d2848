import { expect, test } from 'vitest';

import type { GeneratorHost } from '../../../scenarios/engines/engine.ts';
import { runTool } from '../../../scenarios/engines/tool.ts';

const steps = [
  { name: 'warm-up', rate_perS: 1, start_s: 0, duration_s: 4, drain_s: 0 },
  { name: 'measured', rate_perS: 1, start_s: 4, duration_s: 4, drain_s: 0 },
];
const plan = { baseUrl: '', hosts: {}, steps, routes: [], headers: {}, backends: [], virtualUsers: 1, timeout_s: 1 };

/** A generator that writes lines at once and ends. */
function writing(lines: readonly string[]): GeneratorHost {
  return {
    exec: async (_, { onLine } = {}) => {
      for (const line of lines) onLine?.(line);
      return { exitCode: 0, stdout: '', stderr: '' };
    },
    putFiles: async () => undefined,
    cpu: async () => ({ at_ms: 0, used_ms: 0, throttled_ms: 0, cores: 1, machine: { all_ms: 0, others_ms: 0 } }),
  };
}

const line = (step: string, second: number): string =>
  JSON.stringify({ step, route: 'list', outcome: 'answered', second, requests: 1, dropped: 0, histograms: {} });
const run = (lines: readonly string[]) =>
  runTool(
    writing(lines),
    { plan, measured: ['measured'], clientBlock: '198.18.64.0/24' },
    { engine: 'demo', argv: ['demo'], counted: async () => Promise.resolve(lines.length) },
  );

test('when a load began is told by the line that is least late', async () => {
  // Written at the same instant: the third second of the measured step is the seventh of the plan.
  const now_ms = performance.now();
  const { begun_ms } = await run([line('warm-up', 1), line('measured', 2), line('warm-up', 3)]);
  expect(begun_ms).not.toBeNull();
  expect(Math.abs((begun_ms ?? 0) - (now_ms - 6_500))).toBeLessThan(500);
});

test('nobody can tell when nothing was sent', async () => {
  expect((await run(['started'])).begun_ms).toBeNull();
});
