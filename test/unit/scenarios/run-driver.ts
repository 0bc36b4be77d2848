import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { DriverEnd, DriverPlan } from '../../../scenarios/drivers/plan.ts';
import { LoadSamples } from '../../../scenarios/engines/samples.ts';
import type { LoadStep } from '../../../scenarios/k6/load.ts';

/** What a driver of scenarios/drivers wrote, run to its end. */
export async function linesOf(program: string, plan: DriverPlan): Promise<string[]> {
  const file = join(import.meta.dirname, '../../../scenarios/drivers', program);
  const child = spawn(process.execPath, [file, JSON.stringify(plan)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return (await text(child.stdout)).split('\n');
}

/** What a driver said last. */
export const endOf = (lines: readonly string[]): DriverEnd =>
  JSON.parse(lines.find((line) => line.startsWith('{"requests":')) ?? '{}') as DriverEnd;

/** What the host makes of a driver's lines; the last step counts. */
export async function runDriver(
  program: string,
  plan: DriverPlan & { readonly steps: readonly LoadStep[] },
): Promise<{ readonly samples: LoadSamples; readonly end: DriverEnd }> {
  const lines = await linesOf(program, plan);
  const samples = new LoadSamples(plan.steps, [plan.steps.at(-1)?.name ?? ''], plan.timeout_s);
  for (const line of lines) samples.take(line);
  return { samples, end: endOf(lines) };
}
