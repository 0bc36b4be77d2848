/** k6 in the generator container, its samples streamed to this process. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { CpuFigures, EngineRun, GeneratorHost, LoadEngine, LoadMeasurement } from './engine.ts';
import { CORRECTED, SUMMARY_PATH } from '../k6/load.ts';
import { StepSamples } from './k6-samples.ts';

/** Where the scripts go in the container. */
const FOLDER = '/tmp/gateproof-k6';
/** Scripts that can be run, and what they import. */
const SCRIPTS = ['api-mix.ts', 'overhead.ts'] as const;
const IMPORTED = ['load.ts', 'steps.ts'] as const;
/** `--out json` writes to standard output when it is given no file. */
const OUTPUT = 'json';

/** Runs one script of `scenarios/k6`. */
export function k6(script: (typeof SCRIPTS)[number]): LoadEngine {
  return { name: 'k6', run: (host, run) => runK6(script, host, run) };
}

async function runK6(script: string, host: GeneratorHost, run: EngineRun): Promise<LoadMeasurement> {
  const step = run.plan.steps.find((candidate) => candidate.name === run.measured);
  if (!step) throw new RangeError(`the plan has no step "${run.measured}"`);
  await host.putFiles(await scripts());
  const samples = new StepSamples(step.name);
  const meter = meterCpu(host, step.start_s * 1000);
  const result = await host.exec(
    [
      'k6',
      'run',
      '--quiet',
      '--no-color',
      '--no-usage-report',
      '--no-thresholds',
      '--log-output',
      'stderr',
      '--local-ips',
      run.clientBlock,
      '--out',
      OUTPUT,
      '-e',
      `GATEPROOF_LOAD=${JSON.stringify(run.plan)}`,
      `${FOLDER}/${script}`,
    ],
    { onLine: (line) => samples.take(line), ...(run.signal ? { signal: run.signal } : {}) },
  );
  const generatorCpu = await meter.stop();
  const counted = await summaryCount(host);
  return {
    engine: 'k6',
    offered: step.rate_perS * step.duration_s,
    achieved: samples.achieved,
    dropped: samples.dropped,
    outcomes: samples.outcomes,
    corrected: samples.corrected,
    actual: samples.actual,
    backend: samples.backend,
    overhead: samples.overhead,
    buckets: samples.buckets(step.rate_perS, step.duration_s),
    generatorCpu,
    lost: counted === null ? null : counted - samples.seen,
    failure: result.exitCode === 0 ? null : `k6 ended with ${result.exitCode}: ${result.stderr.trim().slice(-400)}`,
  };
}

/** How many requests k6 itself counted; null when it left no summary. */
async function summaryCount(host: GeneratorHost): Promise<number | null> {
  const lines: string[] = [];
  await host.exec(['cat', SUMMARY_PATH], { onLine: (line) => lines.push(line) });
  try {
    const summary = JSON.parse(lines.join('\n')) as {
      metrics: Record<string, { values: { count?: number } } | undefined>;
    };
    return summary.metrics[CORRECTED]?.values.count ?? null;
  } catch {
    return null;
  }
}

async function scripts(): Promise<Record<string, string>> {
  const files = [...SCRIPTS, ...IMPORTED].map(async (name): Promise<[string, string]> => {
    const path = fileURLToPath(new URL(`../k6/${name}`, import.meta.url));
    return [`${FOLDER}/${name}`, await readFile(path, 'utf8')];
  });
  return Object.fromEntries(await Promise.all(files));
}

/**
 * CPU of the generator over the time that counts: from the end of the warm-up,
 * in which k6 compiles scripts and makes its users, to the end of the run.
 */
function meterCpu(host: GeneratorHost, skip_ms: number): { stop(): Promise<LoadMeasurement['generatorCpu']> } {
  const started = host.cpu();
  let warm: Promise<CpuFigures> | null = null;
  const timer = setTimeout(() => {
    warm = host.cpu();
    // Awaited by stop(); until then a failure must not count as unhandled.
    warm.catch(() => undefined);
  }, skip_ms);
  return {
    stop: async () => {
      clearTimeout(timer);
      const first = await (warm ?? started);
      const last = await host.cpu();
      return cpuShare(first, last);
    },
  };
}

/** Share of the allowed CPU that was used between two readings, 0–1. */
export function cpuShare(first: CpuFigures, last: CpuFigures): LoadMeasurement['generatorCpu'] {
  const span_ms = Math.max(1, last.at_ms - first.at_ms);
  return {
    share: (last.used_ms - first.used_ms) / (span_ms * Math.max(last.cores, 0.001)),
    throttled_ms: last.throttled_ms - first.throttled_ms,
    othersShare:
      (last.machine.others_ms - first.machine.others_ms) / Math.max(1, last.machine.all_ms - first.machine.all_ms),
  };
}
