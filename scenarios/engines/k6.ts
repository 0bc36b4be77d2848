/** k6 in the generator container; its output extension writes what it counted to standard output. */
import type { EngineRun, GeneratorHost, LoadEngine } from './engine.ts';
import { CORRECTED, SUMMARY_PATH } from '../k6/load.ts';
import { runTool, sources } from './tool.ts';

/** Where the scripts go in the container. */
const FOLDER = '/tmp/gateproof-k6';
/** Scripts that can be run, and what they import. */
const SCRIPTS = ['api-mix.ts', 'overhead.ts'] as const;
const IMPORTED = ['load.ts', 'steps.ts'] as const;
/** The output extension of the tools image. */
const OUTPUT = 'gateproof';

type Script = (typeof SCRIPTS)[number];

/** Runs one script of `scenarios/k6`. */
export function k6(script: Script): LoadEngine {
  return {
    name: 'k6',
    run: async (host, run) =>
      runTool(host, run, {
        engine: 'k6',
        argv: await prepare(host, run, script, ['--out', `${OUTPUT}=${rates(run)}`]),
        counted: () => summaryCount(host),
      }),
  };
}

/** What the extension has to know of each step: `<name>:<requests a second>`. */
const rates = ({ plan }: EngineRun): string =>
  plan.steps.map(({ name, rate_perS }) => `${name}:${String(rate_perS)}`).join(',');

/** The same without what counts its samples: of the result only the buckets' sum is known, as one bucket. */
export function k6Alone(script: Script): LoadEngine {
  return {
    name: 'k6 alone',
    run: async (host, run) => {
      const argv = await prepare(host, run, script, []);
      const measured = await runTool(host, run, { engine: 'k6', argv, counted: () => summaryCount(host) });
      const achieved = measured.lost ?? 0;
      return { ...measured, buckets: [{ at_s: 0, offered: 0, achieved, dropped: 0, errors: 0 }] };
    },
  };
}

async function prepare(
  host: GeneratorHost,
  run: EngineRun,
  script: Script,
  output: readonly string[],
): Promise<string[]> {
  await host.putFiles(await sources('k6', [...SCRIPTS, ...IMPORTED], FOLDER));
  return [
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
    ...output,
    '-e',
    `GATEPROOF_LOAD=${JSON.stringify(run.plan)}`,
    `${FOLDER}/${script}`,
  ];
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
