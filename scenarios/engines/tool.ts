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
export function runTool(host: GeneratorHost, run: EngineRun, tool: Tool): Promise<LoadMeasurement> {
  return runTools(run, [{ ...tool, host }]);
}

/**
 * Runs the same tool in several generators until all have ended. What they write is counted
 * together, so histograms are merged and not their percentiles.
 *
 * @throws RangeError when the plan lacks the measured step
 */
export async function runTools(
  run: EngineRun,
  tools: readonly (Tool & { readonly host: GeneratorHost })[],
): Promise<LoadMeasurement> {
  const { steps, timeout_s } = run.plan;
  const step = steps.find((candidate) => candidate.name === run.measured);
  if (!step) throw new RangeError(`the plan has no step "${run.measured}"`);
  const samples = new LoadSamples(steps, step.name, timeout_s);
  const engine = tools[0]?.engine ?? '';
  const ended = await Promise.all(
    tools.map(async ({ host, argv, onLine, counted }) => {
      const meter = meterCpu(host, step.start_s * 1000);
      const result = await host.exec(argv, {
        onLine: (line) => {
          samples.take(line);
          onLine?.(line);
        },
        ...(run.signal ? { signal: run.signal } : {}),
      });
      return { result, cpu: await meter.stop(), counted: await counted() };
    }),
  );
  const counts = ended.map(({ counted }) => counted);
  const broken = ended.find(({ result }) => result.exitCode !== 0)?.result;
  return {
    engine,
    offered: step.rate_perS * step.duration_s,
    achieved: samples.achieved,
    dropped: samples.dropped,
    users: run.plan.virtualUsers,
    outcomes: samples.outcomes,
    kinds: samples.kinds.table(),
    corrected: samples.corrected,
    actual: samples.actual,
    backend: samples.backend,
    overhead: samples.overhead,
    buckets: samples.buckets(),
    generatorCpu: together(ended.map(({ cpu }) => cpu)),
    lost: counts.includes(null) ? null : counts.reduce<number>((sum, one) => sum + (one ?? 0), -samples.seen),
    failure: broken ? `${engine} ended with ${String(broken.exitCode)}: ${broken.stderr.trim().slice(-400)}` : null,
  };
}

/** Generators of one topology share the cores of the instruments. */
function together(each: readonly LoadMeasurement['generatorCpu'][]): LoadMeasurement['generatorCpu'] {
  return {
    share: each.reduce((sum, { share }) => sum + share, 0),
    throttled_ms: Math.max(...each.map(({ throttled_ms }) => throttled_ms)),
    othersShare: Math.max(...each.map(({ othersShare }) => othersShare)),
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
