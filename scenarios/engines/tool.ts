/** What the engines have in common: a tool in the generator container whose output is counted as it comes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { meterCpu } from './cpu-meter.ts';
import type { LoadStep } from '../k6/load.ts';
import type { EngineRun, GeneratorHost, LoadMeasurement, StageMeasurement } from './engine.ts';
import { LoadSamples } from './samples.ts';

const SCENARIOS = join(import.meta.dirname, '..');

/** Generators write once a second: the first line of a second comes within one of its beginning, half of one on average. */
const TOLD_AFTER_MS = 500;

export interface Tool {
  readonly engine: string;
  readonly argv: readonly string[];
  /** Gets each line of output too. */
  readonly onLine?: (line: string) => void;
  /** How many requests the tool itself says it made; asked once it has ended. */
  readonly counted: () => Promise<number | null>;
}

/** Runs a tool until it ends and turns what it wrote into a measurement. @throws RangeError when the plan lacks a measured step */
export function runTool(host: GeneratorHost, run: EngineRun, tool: Tool): Promise<LoadMeasurement> {
  return runTools(run, [{ ...tool, host }]);
}

/**
 * Runs the same tool in several generators until all have ended. What they write is counted
 * together, so histograms are merged and not their percentiles.
 *
 * @throws RangeError when the plan lacks a measured step
 */
export async function runTools(
  run: EngineRun,
  tools: readonly (Tool & { readonly host: GeneratorHost })[],
): Promise<LoadMeasurement> {
  const { steps, timeout_s, virtualUsers } = run.plan;
  const counted = run.measured.map((name) => {
    const step = steps.find((candidate) => candidate.name === name);
    if (!step) throw new RangeError(`the plan has no step "${name}"`);
    return step;
  });
  const begin_s = Math.min(...counted.map(({ start_s }) => start_s));
  const samples = new LoadSamples(steps, run.measured, timeout_s);
  const engine = tools[0]?.engine ?? '';
  // Tools take seconds to begin, most of all with many users.
  let begun_ms = Number.POSITIVE_INFINITY;
  const ended = await Promise.all(
    tools.map(async ({ host, argv, onLine, counted: count }) => {
      const meter = meterCpu(host, begin_s * 1000);
      const result = await host.exec(argv, {
        onLine: (line) => {
          const second = samples.take(line);
          if (second !== null) begun_ms = Math.min(begun_ms, performance.now() - second * 1000 - TOLD_AFTER_MS);
          onLine?.(line);
        },
        ...(run.signal ? { signal: run.signal } : {}),
      });
      return { result, cpu: await meter.stop(), counted: await count() };
    }),
  );
  const counts = ended.map(({ counted }) => counted);
  const stages = counted.map((step) => stageOf(step, samples, step.virtualUsers ?? virtualUsers));
  const broken = ended.find(({ result }) => result.exitCode !== 0)?.result;
  return {
    engine,
    stages,
    offered: stages.reduce((sum, { offered }) => sum + offered, 0),
    achieved: samples.achieved,
    dropped: samples.dropped,
    users: Math.max(...stages.map(({ users }) => users)),
    outcomes: samples.outcomes,
    seconds: samples.seconds,
    kinds: samples.kinds.table(),
    corrected: samples.corrected,
    actual: samples.actual,
    backend: samples.backend,
    overhead: samples.overhead,
    connect: samples.connect,
    buckets: samples.buckets(),
    begun_ms: Number.isFinite(begun_ms) ? begun_ms : null,
    generatorCpu: together(ended.map(({ cpu }) => cpu)),
    lost: counts.includes(null) ? null : counts.reduce<number>((sum, one) => sum + (one ?? 0), -samples.seen),
    failure: broken ? `${engine} ended with ${String(broken.exitCode)}: ${broken.stderr.trim().slice(-400)}` : null,
  };
}

function stageOf(
  { name, rate_perS, start_s, duration_s }: LoadStep,
  samples: LoadSamples,
  users: number,
): StageMeasurement {
  const { achieved, dropped, outcomes, seconds, corrected, waits } = samples.stages.get(name) ?? samples;
  const offered = rate_perS * duration_s;
  return { name, start_s, duration_s, offered, achieved, dropped, users, outcomes, seconds, corrected, waits };
}

/** Generators of one topology share the cores of the instruments. */
function together(each: readonly LoadMeasurement['generatorCpu'][]): LoadMeasurement['generatorCpu'] {
  const resent = each.flatMap(({ resentShare }) => resentShare ?? []);
  return {
    share: each.reduce((sum, { share }) => sum + share, 0),
    throttled_ms: Math.max(...each.map(({ throttled_ms }) => throttled_ms)),
    othersShare: Math.max(...each.map(({ othersShare }) => othersShare)),
    ...(resent.length > 0 ? { resentShare: Math.max(...resent) } : {}),
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
