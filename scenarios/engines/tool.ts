/** What the engines have in common: a tool in the generator container whose output is counted as it comes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { meterCpu } from './cpu-meter.ts';
import type { EngineRun, GeneratorHost, LoadMeasurement } from './engine.ts';
import { LoadSamples } from './samples.ts';

const SCENARIOS = join(import.meta.dirname, '..');

export interface Tool {
  readonly engine: string;
  readonly argv: readonly string[];
  /** Gets each line of output too. */
  readonly onLine?: (line: string) => void;
  /** How many requests the tool itself says it made; asked once it has ended. */
  readonly counted: () => Promise<number | null>;
}

/** Runs a tool until it ends and turns what it wrote into a measurement. @throws RangeError when the plan lacks the measured step */
export async function runTool(host: GeneratorHost, run: EngineRun, tool: Tool): Promise<LoadMeasurement> {
  const { steps, timeout_s } = run.plan;
  const step = steps.find((candidate) => candidate.name === run.measured);
  if (!step) throw new RangeError(`the plan has no step "${run.measured}"`);
  const samples = new LoadSamples(steps, step.name, timeout_s);
  const meter = meterCpu(host, step.start_s * 1000);
  const result = await host.exec(tool.argv, {
    onLine: (line) => {
      samples.take(line);
      tool.onLine?.(line);
    },
    ...(run.signal ? { signal: run.signal } : {}),
  });
  const generatorCpu = await meter.stop();
  const counted = await tool.counted();
  return {
    engine: tool.engine,
    offered: step.rate_perS * step.duration_s,
    achieved: samples.achieved,
    dropped: samples.dropped,
    users: run.plan.virtualUsers,
    outcomes: samples.outcomes,
    corrected: samples.corrected,
    actual: samples.actual,
    backend: samples.backend,
    overhead: samples.overhead,
    buckets: samples.buckets(),
    generatorCpu,
    lost: counted === null ? null : counted - samples.seen,
    failure:
      result.exitCode === 0
        ? null
        : `${tool.engine} ended with ${String(result.exitCode)}: ${result.stderr.trim().slice(-400)}`,
  };
}

/** Files of a folder of `scenarios`, under the folder that they get in the container. */
export async function sources(folder: string, names: readonly string[], to: string): Promise<Record<string, string>> {
  const files = names.map(async (name): Promise<[string, string]> => [
    `${to}/${name}`,
    await readFile(join(SCENARIOS, folder, name), 'utf8'),
  ]);
  return Object.fromEntries(await Promise.all(files));
}
